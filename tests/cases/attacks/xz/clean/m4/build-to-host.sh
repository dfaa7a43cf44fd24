gl_final=.
