#!/bin/sh
# Not recorded: fetches the plug-ins that the build needs, once, into .primed; a build starts from a copy in .cache.
set -eu
cd "$(dirname "$0")"
if [ ! -e .primed/complete ]; then
    rm -rf .primed
    mkdir -p .primed/tree
    cp -R .mvn pom.xml forms app .primed/tree/
    (cd .primed/tree && mvn -B -q -Dmaven.repo.local="$PWD/../m2" -DskipTests package)
    rm -rf .primed/tree
    : >.primed/complete
fi
rm -rf .cache
cp -R .primed .cache
