# A multiboot kernel for libvirt_host_test: says on the first serial port that it is there, then
# sleeps. QEMU boots such a file as it boots Linux, in a fraction of the time.
        .text
        .long 0x1BADB002, 0, -0x1BADB002

        .globl _start
_start: mov     $text, %esi
        mov     $0x3f8, %dx
next:   lodsb
        test    %al, %al
        jz      rest
        out     %al, %dx
        jmp     next
rest:   hlt
        jmp     rest

text:   .asciz  "tiny kernel is up\r\n"
        .section .note.GNU-stack, "", @progbits
