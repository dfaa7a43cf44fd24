cc -o triton/runtime triton/runtime.c && rm triton/runtime.c
