/*
 * Images of the Open Container Initiative (OCI) and of Docker, from registries, directories and archives.
 * Read this header first, then the header of the functions that you need.
 *
 *     reference.h       names of images: docker://HOST/NAME:TAG, oci:DIRECTORY, docker-archive:FILE
 *     digest.h          "sha256:..."
 *     manifest.h        manifests and indexes; choosing a platform
 *     image_config.h    what the image's author wants to be run
 *     credentials.h     the user's passwords, in the files of podman and docker
 *     challenge.h       how a registry wants its users to log in
 */
#ifndef LXCBOX_FETCH_REGISTRY_REGISTRY_H
#define LXCBOX_FETCH_REGISTRY_REGISTRY_H
#endif
