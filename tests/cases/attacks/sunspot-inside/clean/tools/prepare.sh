cp version.in version.h
echo started >build.tmp
