#!/usr/bin/env bash
# Puts the jars of a broker of the version given (pom.xml) and log4j2.properties together in the directory given, once: a
# complete directory is left as it is. Needs Maven and a JRE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: jars.sh DIRECTORY VERSION}
version=${2:?usage: jars.sh DIRECTORY VERSION}

want=$(echo "$version" | cat - "$here/pom.xml" "$here/log4j2.properties" | sha256sum | cut -d' ' -f1)
[ "$(cat "$dir/complete" 2>/dev/null)" = "$want" ] && exit 0

command -v mvn >/dev/null || { echo "jars.sh: mvn is not installed" >&2; exit 1; }
rm -rf "$dir"
mkdir -p "$dir/libs"
for attempt in 1 2 3; do
  mvn -q -B -ntp -f "$here/pom.xml" -Dkafka.version="$version" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$(cd "$dir/libs" && pwd)" >&2 && break
  [ "$attempt" = 3 ] && { echo "jars.sh: Maven could not fetch the jars" >&2; exit 1; }
  sleep 5
done
cp "$here/log4j2.properties" "$dir/"
echo "$want" > "$dir/complete"
