/* Names, manifests and configurations of images. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/registry/image_config.h"
#include "fetch/registry/manifest.h"
#include "fetch/registry/reference.h"

#define HEX_A       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_A       "sha256:" HEX_A
#define SHA_A_SLASH SHA_A "/"
#define SHA_A_UPPER "SHA256:" HEX_A
#define SHA_B       "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void a_short_name_means_the_library_of_docker_io(void **state)
{
    static const char *const cases[][2] = {
        {"docker://nginx", "docker://docker.io/library/nginx:latest"},
        {"docker://nginx:1.27", "docker://docker.io/library/nginx:1.27"},
        {"docker://bitnami/redis", "docker://docker.io/bitnami/redis:latest"},
        {"docker://index.docker.io/nginx", "docker://docker.io/library/nginx:latest"},
        {"docker://localhost/a/b__c--d.e", "docker://localhost/a/b__c--d.e:latest"},
        {"docker://localhost:5000/a", "docker://localhost:5000/a:latest"},
        {"docker://[::1]:5000/a:x", "docker://[::1]:5000/a:x"},
        {"docker://quay.io/a@" SHA_A, "docker://quay.io/a@" SHA_A},
        {"docker://quay.io/a:t@" SHA_A, "docker://quay.io/a:t@" SHA_A},
        {"oci:/srv/layout", "oci:/srv/layout"},
        {"oci:layout:v1", "oci:layout:v1"},
        {"docker-archive:a.tar:nginx:1.27", "docker-archive:a.tar:nginx:1.27"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_reference struct reference r = {0};
        struct error err = ERROR_INIT;
        cleanup_free char *text = NULL;

        assert_int_equal(reference_parse(cases[i][0], &r, &err), 0);
        text = reference_text(&r);
        assert_string_equal(text, cases[i][1]);
    }
}

static void a_name_that_could_become_a_path_is_refused(void **state)
{
    static const char *const cases[] = {
        "nginx",
        "docker://",
        "docker://Nginx",
        "docker://a/../b",
        "docker://../a",
        "docker://a//b",
        "docker://a/",
        "docker:///a",
        "docker://a:",
        "docker://a:.x",
        "docker://a:x/y",
        "docker://a.b:0/c",
        "docker://a.b:65536/c",
        "docker://a.b:x/c",
        "docker://-a.b/c",
        "docker://a_",
        "docker://a._b",
        "docker://a@",
        "docker://a@sha256:12",
        "docker://a@" SHA_A_SLASH,
        "docker://a\nb",
        "docker://a b",
        "docker://[::1/a",
        "oci:",
        "oci:a:",
        "oci-archive:",
        "docker://a%2fb",
        "docker://a@" SHA_A_UPPER,
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_reference struct reference r = {0};
        struct error err = ERROR_INIT;

        assert_int_equal(reference_parse(cases[i], &r, &err), -EINVAL);
        assert_int_equal(err.code, -EINVAL);
    }
}

static void another_digest_is_refused_by_name(void **state)
{
    struct error err = ERROR_INIT;
    struct digest d;

    (void)state;
    assert_int_equal(digest_parse("it", "sha512:00", &d, &err), -ENOTSUP);
    assert_non_null(strstr(err.text, "sha512"));
    assert_string_equal(d.text, "");
    d = digest_of_bytes("abc", 3);
    assert_string_equal(digest_hex(&d), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_false(digest_equal(&(struct digest){""}, &(struct digest){""}));
}

#define CONFIG(TYPE) "\"config\": {\"mediaType\": \"" TYPE "\", \"digest\": \"" SHA_A "\", \"size\": 7}"
#define OCI_CONFIG   CONFIG("application/vnd.oci.image.config.v1+json")
#define LAYER(TYPE)  "{\"mediaType\": \"application/vnd." TYPE "\", \"digest\": \"" SHA_B "\", \"size\": 9}"
#define OCI_LAYER    LAYER("oci.image.layer.v1.tar+gzip")
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX    "application/vnd.oci.image.index.v1+json"

static int parse_for(const char *text, const char *type, const struct platform *p,
                     struct manifest_document *d, struct error *err)
{
    return manifest_parse(text, strlen(text), type, p, d, err);
}

static int parse(const char *text, const char *type, struct manifest_document *d, struct error *err)
{
    return parse_for(text, type, &(struct platform){"amd64", NULL}, d, err);
}

static void a_manifest_has_a_configuration_and_layers(void **state)
{
    cleanup_manifest_document struct manifest_document d = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(parse("{\"schemaVersion\": 2, " OCI_CONFIG ", \"layers\": [" OCI_LAYER
                           "," LAYER("docker.image.rootfs.diff.tar.gzip") "]}",
                           OCI_MANIFEST, &d, &err),
                     0);
    assert_false(d.is_index);
    assert_string_equal(d.manifest.config.digest.text, SHA_A);
    assert_int_equal(d.manifest.config.size_bytes, 7);
    assert_int_equal(d.manifest.layer_count, 2);
    assert_string_equal(d.manifest.layers[1].digest.text, SHA_B);
}

static void a_document_that_is_not_one_image_is_refused(void **state)
{
    static const struct {
        const char *text, *type;
        int code;
        const char *word;
    } cases[] = {
        {"{\"schemaVersion\": 1, \"fsLayers\": []}", NULL, -ENOTSUP, "schema 1"},
        {"{}", "application/vnd.docker.distribution.manifest.v1+prettyjws", -ENOTSUP, "schema 1"},
        {"{" OCI_CONFIG ", \"layers\": [" OCI_LAYER "], \"manifests\": []}", NULL, -EBADMSG, "at once"},
        {"{\"manifests\": []}", OCI_MANIFEST, -EBADMSG, "media type"},
        {"{\"mediaType\": \"" OCI_INDEX "\", " OCI_CONFIG ", \"layers\": [" OCI_LAYER "]}", NULL, -EBADMSG,
         "media type"},
        {"{}", NULL, -EBADMSG, "neither"},
        {"[]", NULL, -EBADMSG, "object"},
        {"{", NULL, -EBADMSG, "not JSON"},
        {"{" CONFIG("application/vnd.cncf.helm.config.v1+json") ", \"layers\": [" OCI_LAYER "]}", NULL,
         -ENOTSUP, "helm"},
        {"{" OCI_CONFIG ", \"layers\": [" LAYER("oci.image.layer.v1.tar+encrypted") "]}", NULL, -ENOTSUP,
         "encrypted"},
        {"{" OCI_CONFIG ", \"layers\": []}", NULL, -EBADMSG, "no layers"},
        {"{" OCI_CONFIG
         ", \"layers\": [{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar\", \"digest\": "
         "\"sha256:../../etc\", \"size\": 1}]}",
         NULL, -EINVAL, "layer 1"},
        {"{" OCI_CONFIG ", \"layers\": [], \"layers\": [" OCI_LAYER "]}", NULL, -EBADMSG, "two members"},
        {"{" OCI_CONFIG
         ", \"layers\": [{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar\", \"digest\": \"" SHA_A
         "\", \"size\": -1}]}",
         NULL, -EBADMSG, "size"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_manifest_document struct manifest_document d = {0};
        struct error err = ERROR_INIT;

        assert_int_equal(parse(cases[i].text, cases[i].type, &d, &err), cases[i].code);
        assert_non_null(strstr(err.text, cases[i].word));
    }
}

#define ENTRY(SHA, PLATFORM) "{\"digest\": \"" SHA "\", \"size\": 5, \"platform\": {" PLATFORM "}}"
#define ARM(SHA, VARIANT)                                                                                    \
    ENTRY(SHA, "\"os\": \"linux\", \"architecture\": \"arm\", \"variant\": \"" VARIANT "\"")

static void the_best_variant_that_the_machine_runs_is_chosen(void **state)
{
    static const char text[] = "{\"manifests\": [" ENTRY(
        SHA_B,
        "\"os\": \"unknown\", \"architecture\": "
        "\"unknown\"") "," ARM(SHA_A, "v5") "," ARM(SHA_B,
                                                    "v7") "," ARM(SHA_B,
                                                                  "v8") "," ENTRY(SHA_B,
                                                                                  "\"os\": \"windows\", "
                                                                                  "\"architecture\": "
                                                                                  "\"amd64\"") "]}";
    static const struct {
        const char *variant, *digest;
    } cases[] = {{"v6", SHA_A}, {"v7", SHA_B}, {NULL, SHA_B}, {"v5", SHA_A}};
    struct manifest_document d;
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(parse_for(text, OCI_INDEX, &(struct platform){"arm", cases[i].variant}, &d, &err),
                         0);
        assert_true(d.is_index);
        assert_string_equal(d.chosen.digest.text, cases[i].digest);
    }
    assert_int_equal(parse(text, OCI_INDEX, &d, &err), -ENOENT);
    assert_non_null(strstr(err.text, "linux/amd64"));
    assert_non_null(strstr(err.remedy, "linux/arm/v5, linux/arm/v7"));
    assert_null(strstr(err.remedy, "unknown"));
}

static void architectures_have_the_names_of_every_convention(void **state)
{
    const char *variant;

    (void)state;
    assert_string_equal(platform_architecture("x86_64", &variant), "amd64");
    assert_null(variant);
    assert_string_equal(platform_architecture("amd64", &variant), "amd64");
    assert_string_equal(platform_architecture("armhf", &variant), "arm");
    assert_string_equal(variant, "v7");
    assert_string_equal(platform_architecture("aarch64", &variant), "arm64");
    assert_non_null(platform_architecture(NULL, &variant));
}

static int parse_config(const char *text, struct image_config *c, struct error *err)
{
    return image_config_parse(text, strlen(text), c, err);
}

#define ROOTFS "\"rootfs\": {\"type\": \"layers\", \"diff_ids\": [\"" SHA_A "\", \"" SHA_B "\"]}"

static void a_configuration_says_what_to_run(void **state)
{
    cleanup_image_config struct image_config c = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(
        parse_config("{\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": {\"User\": \"redis\","
                     "\"Env\": [\"A=1\", \"B=x\\ny\"], \"Cmd\": [\"-g\"], \"Entrypoint\": [\"/e\", \"a b\"],"
                     "\"WorkingDir\": \"/data\", \"StopSignal\": \"SIGQUIT\", \"Volumes\": {\"/data\": {}},"
                     "\"ExposedPorts\": {\"80/tcp\": {}}, \"Labels\": {\"k\": \"v\"}}, " ROOTFS "}",
                     &c, &err),
        0);
    assert_string_equal(c.user, "redis");
    assert_string_equal(c.environment.items[1], "B=x\ny");
    assert_string_equal(c.entrypoint.items[1], "a b");
    assert_string_equal(c.command.items[0], "-g");
    assert_string_equal(c.working_directory, "/data");
    assert_string_equal(c.stop_signal, "SIGQUIT");
    assert_string_equal(c.volumes.items[0], "/data");
    assert_string_equal(c.ports.items[0], "80/tcp");
    assert_string_equal(c.labels[0].value, "v");
    assert_int_equal(c.diff_id_count, 2);
    assert_string_equal(c.diff_ids[1].text, SHA_B);
}

static void a_malformed_configuration_is_refused_by_name(void **state)
{
    static const char *const cases[][2] = {
        {"{\"config\": {\"Env\": \"A=1\"}, " ROOTFS "}", "\"Env\""},
        {"{\"config\": {\"Cmd\": [1]}, " ROOTFS "}", "\"Cmd\""},
        {"{\"config\": {\"Volumes\": [\"/x\"]}, " ROOTFS "}", "\"Volumes\""},
        {"{\"config\": {\"Labels\": {\"a\": 1}}, " ROOTFS "}", "\"Labels\""},
        {"{\"config\": {\"User\": 0}, " ROOTFS "}", "\"User\""},
        {"{\"config\": {}}", "list of layers"},
        {"{\"rootfs\": {\"diff_ids\": [1]}}", "no digest"},
        {"{\"config\": {\"Env\": [\"A=\\u0000\"]}, " ROOTFS "}", "NUL"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_image_config struct image_config c = {0};
        struct error err = ERROR_INIT;

        assert_true(parse_config(cases[i][0], &c, &err) < 0);
        assert_non_null(strstr(err.text, cases[i][1]));
    }
}

static void what_an_image_leaves_open_is_empty(void **state)
{
    cleanup_image_config struct image_config c = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(
        parse_config("{\"config\": {\"Env\": null, \"Cmd\": null, \"User\": \"\"}, " ROOTFS "}", &c, &err),
        0);
    assert_null(c.user);
    assert_int_equal(c.environment.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_name_means_the_library_of_docker_io),
        cmocka_unit_test(a_name_that_could_become_a_path_is_refused),
        cmocka_unit_test(another_digest_is_refused_by_name),
        cmocka_unit_test(a_manifest_has_a_configuration_and_layers),
        cmocka_unit_test(a_document_that_is_not_one_image_is_refused),
        cmocka_unit_test(the_best_variant_that_the_machine_runs_is_chosen),
        cmocka_unit_test(architectures_have_the_names_of_every_convention),
        cmocka_unit_test(a_configuration_says_what_to_run),
        cmocka_unit_test(a_malformed_configuration_is_refused_by_name),
        cmocka_unit_test(what_an_image_leaves_open_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
