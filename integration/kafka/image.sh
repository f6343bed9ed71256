#!/usr/bin/env bash
# Builds an image of a broker of the version given, under the name given, without a registry: this machine's JRE with
# the libraries it links to, the broker's jars (jars.sh), and a static launcher. An image of that name from the same
# inputs is left as it is. Needs a Docker daemon, a JRE, Maven and Go.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
image=${1:?usage: image.sh IMAGE VERSION}
version=${2:?usage: image.sh IMAGE VERSION}

jre=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
inputs=$({ echo "$version"; cat "$here"/pom.xml "$here"/log4j2.properties "$here"/image.sh "$here"/launcher/*.go; cat "$jre/release"; } | sha256sum | cut -d' ' -f1)
have=$(docker image inspect -f '{{index .Config.Labels "oktastream.inputs"}}' "$image" 2>/dev/null || true)
[ "$have" = "$inputs" ] && exit 0

jars=$root/.cache/kafka-$version
"$here/jars.sh" "$jars" "$version"
fs=$(mktemp -d)
trap 'rm -rf "$fs"' EXIT
mkdir -p "$fs"/{opt/java,opt/kafka,etc,proc,sys,dev,mnt/shared/config,var/lib/kafka/data}
install -d -m 1777 "$fs/tmp"
echo 'root:x:0:0:root:/:/launch' > "$fs/etc/passwd"
echo 'hosts: files dns' > "$fs/etc/nsswitch.conf"
(cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$fs/launch" ./integration/kafka/launcher)
cp -r "$jars/libs" "$jars/log4j2.properties" "$fs/opt/kafka/"

# The runtime's parts only: a JDK has more, and Debian keeps its configuration behind links into /etc.
tar -C "$jre" -ch --exclude=lib/src.zip --exclude=lib/ct.sym --exclude=lib/*.diz bin/java conf lib release |
  tar -C "$fs/opt/java" -x
# Libraries for sound, fonts and screens may be missing on a headless machine; the broker wants none of them. The jars
# carry native code too (zstd, lz4, snappy), which links to parts of the C library that the JRE does without.
linked=$(find "$jre/bin/java" "$jre/lib" \( -name java -o -name '*.so' \) -type f -exec ldd {} + 2>/dev/null |
  awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/.*ld-linux/ { print $1 }' | sort -u)
libc=$(dirname "$(grep '/libc\.so' <<<"$linked")")
for lib in $linked "$libc"/lib{pthread,dl,rt,m,resolv}.so.[0-9] "$libc"/libnss_{dns,files}.so.2; do
  case $lib in "$jre"/*) ;; *) install -D "$lib" "$fs$lib" ;; esac
done

tar -C "$fs" -c . | docker import -c 'ENTRYPOINT ["/launch"]' -c "LABEL oktastream.inputs=$inputs" - "$image" >&2
