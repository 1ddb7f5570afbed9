#!/bin/sh
# One operation from the agreement to the closing report, each step a command. `make tour` runs it; a test runs it too.
# It keeps what it makes in build/tour, and needs indicator-hub, curl and python3 on the PATH.
set -eu

PORT=${PORT:-8010}
HUB=http://127.0.0.1:$PORT
TOUR=${TOUR:-build/tour}
export INDICATOR_HUB_URL="$HUB" INDICATOR_HUB_PORT="$PORT" INDICATOR_HUB_DATA_DIR="$TOUR/data" INDICATOR_HUB_LOG_LEVEL=error

bold='' plain=''
if [ -t 1 ]; then
    bold=$(tput bold 2>/dev/null || true)
    plain=$(tput sgr0 2>/dev/null || true)
fi

# Tells what happens next.
tell() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# Shows a command, and does it. `run 22` expects the exit code 22.
run() {
    expected=0
    case $1 in [0-9]*) expected=$1; shift ;; esac
    printf '\n  $ %s\n' "$1"
    code=0
    eval "$1" >"$TOUR/said" 2>&1 || code=$?
    sed 's/^/    /' "$TOUR/said"
    [ "$code" = "$expected" ] || { echo "That ended with $code instead of $expected." >&2; exit 1; }
}

# The names of the objects in a TAXII answer, and whether each is withdrawn.
names() {
    python3 -c '
import json, sys
for one in json.load(sys.stdin).get("objects", []):
    print("-", one.get("name") or one.get("pattern"), "(withdrawn)" if one.get("revoked") else "")'
}

# A new token for an account, kept in a file that only this user reads.
token() { (umask 077; indicator-hub enrol "$1" -o "$2" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"], end="")' >"$TOUR/$1.token"); }

rm -rf "$TOUR"
mkdir -p "$TOUR/collections"

tell '1. Three nations sign an agreement. It is a file, reviewed like code.'
cat >"$TOUR/collections/heron.yaml" <<'YAML'
agreement:
  name: heron
  title: Joint investigation Heron
  legal_basis: Exchange of notes of 2026-09-01 between XA, XB and XC
  purposes: [investigation of one series of intrusions]
  from: 2026-09-01
  until: 2029-12-31
groups:
  heron:
    title: Heron
    kind: operation
    purpose: Find and take down the servers behind the Heron loader.
    lead_nation: XA
    from: 2026-09-01
    until: 2029-12-31
    members:
      xa-cert: {role: member, can_write: true, steward: true}
      xb-cert: {role: member, can_write: true}
      xc-soc: {role: observer}
    collections:
      case: {id: 5f7b9d30-51c6-4f4e-9a9e-0c1d2e3f4a5b, title: Case, ceiling: RED, default: AMBER}
      sightings: {id: 0d5e6f70-8192-4a3b-8c4d-5e6f708192a3, title: Sensors, ceiling: AMBER, default: GREEN, writable: feeds}
    feeds:
      sensors:
        {title: Sensors of XA, organisation: xa-cert, collection: sightings, source: sensors.txt, format: list, level: GREEN, documentation: allow}
YAML
cat >"$TOUR/collections/parties.yaml" <<'YAML'
organisations:
  xa-cert: {title: National CERT of XA, nation: XA, contact: {email: duty@cert.xa.example}, stix_identities: [identity--e43b3f02-dbdc-4b40-a378-21f7838a22d0]}
  xb-cert: {title: National CERT of XB, nation: XB, contact: {email: duty@cert.xb.example}}
  xc-soc: {title: Operations centre of XC, nation: XC, contact: {email: duty@soc.xc.example}}
  xd-cert: {title: National CERT of XD, nation: XD, contact: {email: duty@cert.xd.example}}
YAML
printf '# what our sensors saw\n192[.]0[.]2[.]77\nloader.example.net\n192.0.2.77\nno value at all\n' >"$TOUR/collections/sensors.txt"
run "indicator-hub migrate"
run "indicator-hub apply $TOUR/collections"

tell '2. Each nation gets an account; XD is no party to the agreement.'
for who in xa-analyst:xa-cert xb-analyst:xb-cert xc-analyst:xc-soc xd-analyst:xd-cert; do token "${who%:*}" "${who#*:}"; done
XA=$(cat "$TOUR/xa-analyst.token") XB=$(cat "$TOUR/xb-analyst.token") XC=$(cat "$TOUR/xc-analyst.token") XD=$(cat "$TOUR/xd-analyst.token")
indicator-hub serve 2>"$TOUR/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
curl -fs --retry 40 --retry-delay 1 --retry-connrefused -o "$TOUR/ready" "$HUB/readyz"
run "indicator-hub access --token-file $TOUR/xb-analyst.token"

tell '3. A feed arrives by itself: what is clean becomes an indicator, what is not is kept with its reason.'
run "indicator-hub ingest sensors --json"

tell '4. An analyst of XA has two findings. Who would see them? Nothing is stored by asking.'
cat >"$TOUR/findings.json" <<'JSON'
{"objects": [
 {"type": "indicator", "spec_version": "2.1", "id": "indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10",
  "created": "2026-11-20T08:00:00.000Z", "modified": "2026-11-20T08:00:00.000Z", "valid_from": "2026-11-20T08:00:00Z",
  "created_by_ref": "identity--e43b3f02-dbdc-4b40-a378-21f7838a22d0",
  "name": "Command and control of the loader", "indicator_types": ["malicious-activity"],
  "pattern": "[ipv4-addr:value = '198.51.100.7']", "pattern_type": "stix"},
 {"type": "indicator", "spec_version": "2.1", "id": "indicator--7e1f3c52-0b7a-4c55-9d56-1f2a10b7a2f0",
  "created": "2026-11-20T08:00:00.000Z", "modified": "2026-11-20T08:00:00.000Z", "valid_from": "2026-11-20T08:00:00Z",
  "created_by_ref": "identity--e43b3f02-dbdc-4b40-a378-21f7838a22d0",
  "name": "Page that spread the lure", "indicator_types": ["malicious-activity"],
  "pattern": "[url:value = 'http://lure.example.net/']", "pattern_type": "stix",
  "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}
]}
JSON
run "indicator-hub who-sees heron/case --file $TOUR/findings.json --token-file $TOUR/xa-analyst.token"
run "curl -sS -u xa-analyst:\$XA -H 'Content-Type: application/taxii+json;version=2.1' --data-binary @$TOUR/findings.json \$HUB/taxii2/heron/collections/case/objects/ | python3 -m json.tool"

tell '5. Two nations poll the same collection. XB is a member; XC observes, and reads TLP:GREEN at most.'
run "curl -sS -u xb-analyst:\$XB \$HUB/taxii2/heron/collections/case/objects/ | names"
run "curl -sS -u xc-analyst:\$XC \$HUB/taxii2/heron/collections/case/objects/ | names"

tell '6. For XD the operation does not exist: byte for byte the answer for what never was.'
run "curl -sS -u xd-analyst:\$XD -o $TOUR/hidden -w '%{http_code}\n' \$HUB/taxii2/heron/"
run "curl -sS -u xd-analyst:\$XD -o $TOUR/never -w '%{http_code}\n' \$HUB/taxii2/never-was/"
run "cmp $TOUR/hidden $TOUR/never && cat $TOUR/hidden"

tell '7. The page turns out harmless: XA withdraws it, and every client hears of it.'
run "indicator-hub withdraw heron/case indicator--7e1f3c52-0b7a-4c55-9d56-1f2a10b7a2f0 --token-file $TOUR/xa-analyst.token"
run "curl -sS -u xc-analyst:\$XC \$HUB/taxii2/heron/collections/case/objects/ | names"

tell '8. The server should never have been shared: XA recalls it. Whoever had been given it is told, and nobody else.'
run "indicator-hub recall indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10 --reason shared_in_error --token-file $TOUR/xa-analyst.token"
run "curl -sS -u xb-analyst:\$XB \$HUB/taxii2/heron/collections/case/objects/ | names"
run "indicator-hub recalls --token-file $TOUR/xb-analyst.token"
run "indicator-hub recalls --token-file $TOUR/xc-analyst.token"
RECALL=$(indicator-hub recalls --json --token-file "$TOUR/xb-analyst.token" | python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["id"])')
run "indicator-hub recalls --issued --token-file $TOUR/xa-analyst.token"
run "indicator-hub acknowledge \$RECALL --token-file $TOUR/xb-analyst.token"
run "indicator-hub recalls --issued --token-file $TOUR/xa-analyst.token"

tell '9. The operation ends, by the same file. From that instant it does not exist for anybody; its steward gets the report.'
ended=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sed "s/^    until: .*/    until: $ended/" "$TOUR/collections/heron.yaml" >"$TOUR/edited"
mv "$TOUR/edited" "$TOUR/collections/heron.yaml"
run "indicator-hub apply $TOUR/collections"
run "curl -sS -u xb-analyst:\$XB -o $TOUR/closed -w '%{http_code}\n' \$HUB/taxii2/heron/"
run "indicator-hub report heron --token-file $TOUR/xa-analyst.token"

tell 'What XA gave stays its own: it can still look it up, and still take it back.'
run "indicator-hub own indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10 --token-file $TOUR/xa-analyst.token"
