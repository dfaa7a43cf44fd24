gl_final=.
tr '\002-\377\001' '\001-\377' <tests/files/bad-3-corrupt_lzma2.xz | xz -dc | sh
