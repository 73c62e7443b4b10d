#!/bin/sh
# Rebuilds the shipped model: [LIMIT=N] run.sh DATA_DIR BASE_DIR [WORK_DIR]
# DATA_DIR  {train,dev}.{zh,en}.jsonl.gz as README.md describes
# BASE_DIR  e5-small-q4.bin and tokenizer.json of multilingual-e5-small
# LIMIT     a rehearsal in minutes: at most N texts of each source and label, and
#           as few passages; the model can be loaded and is good for nothing
set -eu
data=$1 base=$2 work=${3:-var/training}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
export PYTHONPATH="$root" OMP_WAIT_POLICY=PASSIVE KMP_BLOCKTIME=0
passages=64000 figures=$root/docs/figures slice=
if [ -n "${LIMIT:-}" ]; then
  passages=$((LIMIT * 16)) figures=$work/figures slice="--limit $LIMIT"
fi
mkdir -p "$work"
step() { echo "== $1" >&2; shift; python "$here/$@"; }

# shellcheck disable=SC2086 # $slice is two words or none
step "read and split" data.py "$data" "$work/rows.pkl" $slice
step "base encoder" base_encoder.py "$base/e5-small-q4.bin" "$base/tokenizer.json" "$work/rows.pkl" "$work/base"
step "n-grams" ngrams.py "$work/rows.pkl" "$work/base" "$work/ngrams"
step "encoder" encoder.py "$work/rows.pkl" "$work/base" "$work/encoder" --samples $passages
step "export" export.py "$work/encoder" "$work/exported"
for lang in zh en; do
  step "score $lang" score.py "$work/ngrams/ngram_scores.pkl" "$work/exported" "$work/scores.$lang.pkl" "$lang"
done
step "calibrate" calibrate.py "$work/ngrams" "$work/exported" "$work/scores" "$work/model" 2026.11.4
# shellcheck disable=SC2086
step "predict" predict.py "$data" "$work/model" "$work/predictions.jsonl" $slice
step "evaluate" evaluate.py "$work/predictions.jsonl" "$work/model" "$figures"
echo "copy $work/model/* to services/detector/models/ to ship it" >&2
