#!/bin/sh
# The step that is recorded: two modules, the second compiled with the first as annotation processor. Offline.
set -eu
mvn -B -q -o -Dstyle.color=never -Dmaven.repo.local="$PWD/.cache/m2" -DskipTests package
