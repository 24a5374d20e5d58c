/*
 * memcpy and memmove for x86_64, which the linker takes before musl's. musl's copy everything by string
 * instructions, whose start costs more than most of our copies are long.
 *
 * Up to 32 bytes: read everything into registers, then write, so that overlapping areas need no care. Two loads that
 * overlap each other cover every length between 16 and 32, 8 and 16, 4 and 8. Longer: string instructions, backwards
 * where the destination begins within the source.
 */
#if defined(__x86_64__) && defined(__LP64__)
.text
.global memcpy
.type memcpy, @function
.global memmove
.type memmove, @function
memcpy:
memmove:
	mov %rdi, %rax
	cmp $32, %rdx
	ja 5f
	cmp $16, %edx
	jae 4f
	cmp $8, %edx
	jae 3f
	cmp $4, %edx
	jae 2f
	test %edx, %edx
	jz 1f
	/* One to three bytes: the first, the middle one and the last. */
	mov %edx, %ecx
	shr %ecx
	movzbl (%rsi), %r8d
	movzbl (%rsi,%rcx), %r9d
	movzbl -1(%rsi,%rdx), %r10d
	mov %r8b, (%rdi)
	mov %r9b, (%rdi,%rcx)
	mov %r10b, -1(%rdi,%rdx)
1:	ret
2:	mov (%rsi), %ecx
	mov -4(%rsi,%rdx), %r8d
	mov %ecx, (%rdi)
	mov %r8d, -4(%rdi,%rdx)
	ret
3:	mov (%rsi), %rcx
	mov -8(%rsi,%rdx), %r8
	mov %rcx, (%rdi)
	mov %r8, -8(%rdi,%rdx)
	ret
4:	movups (%rsi), %xmm0
	movups -16(%rsi,%rdx), %xmm1
	movups %xmm0, (%rdi)
	movups %xmm1, -16(%rdi,%rdx)
	ret
5:	mov %rdi, %rcx
	sub %rsi, %rcx
	cmp %rdx, %rcx
	jb 6f
	/* Whole words, and before them the last word, which they need not reach. */
	mov -8(%rsi,%rdx), %r8
	lea -8(%rdi,%rdx), %r9
	mov %rdx, %rcx
	shr $3, %rcx
	rep movsq
	mov %r8, (%r9)
	ret
	/* Backwards, from the last byte on. */
6:	mov %rdx, %rcx
	lea -1(%rsi,%rdx), %rsi
	lea -1(%rdi,%rdx), %rdi
	std
	rep movsb
	cld
	ret
.size memcpy, . - memcpy
.size memmove, . - memmove
#endif
.section .note.GNU-stack, "", %progbits
