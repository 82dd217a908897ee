#!/bin/sh
# Checks this evidence bundle with stock tools: sha256sum, openssl, od, awk, and ffprobe to see that the video plays.
#   sh VERIFY.sh                 trusts the authority's certificate in the bundle (ca.pem)
#   sh VERIFY.sh authority.pem   trusts the one you obtained by another way: this is the real check
# Last line: INTACT, or BROKEN: <file>: <reason> for the first bad file. Exit code 0 intact, 1 broken, 2 not checked.
LC_ALL=C; export LC_ALL
first=

bad() { # file, reason
    printf 'bad   %s: %s\n' "$1" "$2"
    if [ -z "$first" ]; then first="$1: $2"; fi
}
note() { printf 'note  %s\n' "$1"; }
stop() { printf 'NOT CHECKED: %s\n' "$1"; exit 2; }

for tool in sha256sum openssl od awk; do
    command -v "$tool" >/dev/null 2>&1 || stop "the program $tool is missing"
done
given=${1-}
if [ -n "$given" ]; then
    [ -r "$given" ] || stop "cannot read $given"
    case $given in /*) ;; *) given=$(pwd)/$given ;; esac
fi
here=$(dirname -- "$0")
CDPATH= cd -- "$here" || stop "cannot enter $here"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/verify.XXXXXX") || stop "cannot make a temporary folder"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM

hash_of() { # file -> its SHA-256
    h=$(sha256sum <"$1") || h=
    printf '%s' "${h%% *}"
}

# The one form a seal can have, in hex: RFC 5652 in DER, from the station's certificate, the SHA-256 of manifest.sha256, and
# the two parts that only the seal itself holds, its time and its signature. openssl looks at no byte of the version numbers
# and of what nothing signed, so it would accept a seal altered there; this form has no such byte.
hex() { od -An -v -tx1 | tr -d ' \n'; }
der() { # tag, content in hex
    n=$((${#2} / 2))
    if [ "$n" -lt 128 ]; then printf '%s%02x%s' "$1" "$n" "$2"
    elif [ "$n" -lt 256 ]; then printf '%s81%02x%s' "$1" "$n" "$2"
    else printf '%s82%04x%s' "$1" "$n" "$2"; fi
}
seal_of() { # certificate in DER, seal in DER, SHA-256 of what was signed
    cert=$(hex <"$1")
    # In the certificate: version, serial number, algorithm, issuer.
    openssl asn1parse -inform DER -in "$1" 2>/dev/null | awk -F '[:= ]+' '{
        sub(/^ +/, ""); if ($3 == 2 && ++n <= 4 && (n == 2 || n == 4)) print 2 * $1 + 1, 2 * ($1 + $5 + $7)
    }' >"$tmp/places"
    { read -r from to && serial=$(printf '%s' "$cert" | cut -c "$from-$to") &&
        read -r from to && issuer=$(printf '%s' "$cert" | cut -c "$from-$to"); } <"$tmp/places" || return 1
    openssl asn1parse -inform DER -in "$2" >"$tmp/parsed" 2>/dev/null || return 1
    at=$(sed -n 's/.*prim: *UTCTIME *:\([0-9]\{12\}Z\)$/\1/p' "$tmp/parsed" | tail -n 1 | tr -d '\n' | hex)
    signature=$(sed -n '$s/.*prim: *OCTET STRING *\[HEX DUMP\]:\([0-9A-F]*\)$/\1/p' "$tmp/parsed" | tr A-F a-f)
    sha256=$(der 30 0609608648016503040201)
    data=06092a864886f70d010701
    attributes=$(der 30 "06092a864886f70d010903$(der 31 $data)")
    attributes=$attributes$(der 30 "06092a864886f70d010905$(der 31 "$(der 17 "$at")")")
    attributes=$attributes$(der 30 "06092a864886f70d010904$(der 31 "$(der 04 "$3")")")
    signer=020101$(der 30 "$issuer$serial")$sha256$(der a0 "$attributes")
    signer=$signer$(der 30 06082a8648ce3d040302)$(der 04 "$signature")
    all=020101$(der 31 "$sha256")$(der 30 $data)$(der a0 "$cert")$(der 31 "$(der 30 "$signer")")
    der 30 "06092a864886f70d010702$(der a0 "$(der 30 "$all")")"
}

# 1. The signature over manifest.sha256, by the station, vouched for by the authority.
if [ -n "$given" ]; then ca=$given; else
    ca=./ca.pem
    note "authority's certificate taken from the bundle: compare its fingerprint with the agency's"
fi
openssl x509 -in "$ca" -noout -subject -fingerprint -sha256 2>/dev/null | sed 's/^/      authority /'
for f in manifest.sha256 manifest.p7s manifest.json station.pem ca.pem; do
    [ -f "$f" ] || bad "$f" "is missing"
done
if [ -f manifest.sha256 ] && [ -f manifest.p7s ]; then
    # Certificates are judged at the moment of sealing, not today.
    when=$(sed -n 's/.*"sealed_utc_us":\([0-9]\{7,19\}\)[,}].*/\1/p' manifest.json 2>/dev/null | head -n 1)
    when=${when%??????}
    if openssl cms -verify -binary -inform DER -in manifest.p7s -content manifest.sha256 -CAfile "$ca" \
        -purpose any -attime "${when:-0}" -signer "$tmp/signer.pem" -out /dev/null 2>"$tmp/cms"; then
        printf '      signature holds\n'
        a=$(openssl x509 -in "$tmp/signer.pem" -outform DER 2>/dev/null | sha256sum)
        b=$(openssl x509 -in station.pem -outform DER 2>/dev/null | sha256sum)
        if [ "$a" != "$b" ]; then bad manifest.p7s "was signed by another station than the one of station.pem"
        else
            openssl x509 -in station.pem -outform DER >"$tmp/station.der" 2>/dev/null
            form=$(seal_of "$tmp/station.der" manifest.p7s "$(hash_of manifest.sha256)") || form=
            [ "$form" = "$(hex <manifest.p7s)" ] ||
                bad manifest.p7s "was altered in a part that nothing signs: it is not the form this seal can have"
        fi
    elif grep -q 'content verify error\|SignerInfo_verify_content' "$tmp/cms"; then
        bad manifest.sha256 "was altered after it was signed"
    elif grep -q 'certificate verify error\|unable to get' "$tmp/cms"; then
        bad manifest.p7s "the authority does not vouch for the signer ($(sed -n 's/.*Verify error:[ ]*//p' "$tmp/cms" | head -n 1))"
    else
        bad manifest.p7s "is damaged, or is not the signature of manifest.sha256"
    fi
fi

# 2. Every file the list names, and no other.
: >"$tmp/listed"
if [ -f manifest.sha256 ]; then
    while IFS= read -r line; do
        want=${line%%  *}
        name=${line#*  }
        case $name in
        "$line" | /* | ../* | */../* | */..) bad manifest.sha256 "names a file outside the bundle"; continue ;;
        esac
        printf './%s\n' "$name" >>"$tmp/listed"
        if [ -L "$name" ]; then bad "$name" "is a link, not a file"
        elif [ ! -f "$name" ]; then bad "$name" "is missing"
        elif [ "$(hash_of "$name")" != "$want" ]; then
            why=
            case $name in *.ts)
                size=$(wc -c <"$name")
                [ $((size % 188)) -eq 0 ] || why="; it ends in the middle of a packet: cut short" ;;
            esac
            bad "$name" "was altered: its SHA-256 is not the one in manifest.sha256$why"
        fi
    done <manifest.sha256
    printf '      %s files compared\n' "$(wc -l <"$tmp/listed" | tr -d ' ')"
fi
printf '%s\n' ./manifest.sha256 ./manifest.p7s ./manifest.tsr ./tsa.pem >>"$tmp/listed"
find . ! -type d >"$tmp/found"
while IFS= read -r f; do
    grep -Fqx -e "$f" "$tmp/listed" || bad "${f#./}" "is not part of the bundle: it was added after sealing"
done <"$tmp/found"

# 3. Chained records: every line names the SHA-256 of the line before it.
chained() { # file
    rm -rf "$tmp/parts" "$tmp/lines"; mkdir "$tmp/parts" "$tmp/lines"
    [ -s "$1" ] || return 0
    split -a 5 -l 2000 "$1" "$tmp/parts/" || return 1
    : >"$tmp/hashes"
    for part in "$tmp/parts"/*; do
        awk -v d="$tmp/lines" 'BEGIN { ORS = "" } { f = d "/" (1000000 + NR); print $0 >f; close(f) }' "$part"
        (cd "$tmp/lines" && sha256sum ./*) | sed 's/ .*//' >>"$tmp/hashes"
        rm -rf "$tmp/lines"; mkdir "$tmp/lines"
    done
    sed 's/^{"seq":\([0-9]*\),"prev":"\([0-9a-f]*\)".*/\1 \2/; t
         s/.*/- -/' "$1" | paste -d ' ' - "$tmp/hashes" >"$tmp/chain"
    awk '{
        if ($1 !~ /^[0-9]+$/) { print "line " NR ": not a chained record"; exit }
        if (NR > 1 && $1 != seq + 1) { print "line " NR ": \"seq\" should be " seq + 1 ": a line was dropped, doubled or moved"; exit }
        if (NR > 1 && $2 != last) { print "line " NR ": \"prev\" is not the SHA-256 of line " NR - 1; exit }
        seq = $1; last = $3
    }' "$tmp/chain"
    tail -n 1 "$tmp/hashes" >"$tmp/last"
}
find . -type f -name '*.jsonl' | sort >"$tmp/jsonl"
while IFS= read -r f; do
    name=${f#./}
    : >"$tmp/last"
    why=$(chained "$f")
    if [ -n "$why" ]; then bad "$name" "$why"
    elif [ -s "$tmp/last" ] && ! grep -Fq "\"$(cat "$tmp/last")\"" manifest.json; then
        bad "$name" "does not end with the line the manifest says: the end was cut off or added to"
    fi
done <"$tmp/jsonl"
printf '      %s chained files followed line by line\n' "$(wc -l <"$tmp/jsonl" | tr -d ' ')"

# 4. Tree heads signed while recording. (That they are heads of the tree in the manifest: vedette-verify.)
if openssl x509 -in station.pem -noout -pubkey >"$tmp/key" 2>/dev/null; then
    for f in heads/*.json; do
        [ -f "$f" ] || continue
        openssl dgst -sha256 -verify "$tmp/key" -signature "${f%.json}.sig" "$f" >/dev/null 2>&1 ||
            bad "$f" "is not signed by the key of station.pem"
    done
fi

# 5. Time stamp by a third party, when one was obtained.
if [ -f manifest.tsr ]; then
    openssl ts -verify -data manifest.sha256 -in manifest.tsr -CAfile tsa.pem >/dev/null 2>&1 ||
        bad manifest.tsr "is not a time stamp over manifest.sha256 under tsa.pem"
else
    note "no time stamp by a third party: when it was sealed rests on the station's clock"
fi

# 6. The video plays.
if command -v ffprobe >/dev/null 2>&1; then
    find . -type f -name '*.ts' | sort >"$tmp/ts"
    while IFS= read -r f; do
        kinds=$(ffprobe -v error -show_entries stream=codec_type -of csv=p=0 "file:$f" 2>/dev/null </dev/null) || kinds=
        case $kinds in
        *video*) ;;
        *) bad "${f#./}" "does not play: ffprobe finds no video in it" ;;
        esac
    done <"$tmp/ts"
    printf '      %s video segments opened\n' "$(wc -l <"$tmp/ts" | tr -d ' ')"
else
    note "******** ffprobe is missing: NOT CHECKED whether the video plays ********"
fi

if [ -n "$first" ]; then
    printf 'BROKEN: %s\n' "$first"
    exit 1
fi
printf 'INTACT\n'
