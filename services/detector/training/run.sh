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
# Or up to half of the CPU goes to the kernel, for memory given back and asked for again.
export MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=8589934592
export MALLOC_TOP_PAD_=268435456 GLIBC_TUNABLES=glibc.malloc.hugetlb=1
passages=86000 more=54000 few=24000 figures=$root/docs/figures slice=
if [ -n "${LIMIT:-}" ]; then
  passages=$((LIMIT * 16)) more=$((LIMIT * 8)) few=$((LIMIT * 8))
  figures=$work/figures slice="--limit $LIMIT"
fi
bf16=
if grep -qs avx512_bf16 /proc/cpuinfo; then bf16=--bf16; fi
mkdir -p "$work"
step() { echo "== $1" >&2; shift; python "$here/$@"; }

# shellcheck disable=SC2086 # $slice is two words or none
step "read and split" data.py "$data" "$work/rows.pkl" $slice
step "base encoder" base_encoder.py "$base/e5-small-q4.bin" "$base/tokenizer.json" "$work/rows.pkl" "$work/base"
step "n-grams" ngrams.py "$work/rows.pkl" "$work/base" "$work/ngrams"
# shellcheck disable=SC2086 # $bf16 is one word or none
step "encoder" encoder.py "$work/rows.pkl" "$work/base" "$work/begun" --samples $passages $bf16
# shellcheck disable=SC2086
step "encoder, on" encoder.py "$work/rows.pkl" "$work/base" "$work/further" \
  --start "$work/begun" --passes 2 --samples $more --rate 8e-5 $bf16
# shellcheck disable=SC2086
step "encoder, to the end" encoder.py "$work/rows.pkl" "$work/base" "$work/encoder" \
  --start "$work/further" --passes 3 --samples $more --rate 8e-5 $bf16
step "export" export.py "$work/encoder" "$work/exported"
# Smaller encoders that never met some sources: they tell what reading is worth there.
unmet=
lacking() {
  name=$1; shift
  # shellcheck disable=SC2086
  step "encoder without $*" encoder.py "$work/rows.pkl" "$work/base" "$work/lacking.$name" \
    --samples $few $bf16 --without "$@"
  step "export" export.py "$work/lacking.$name" "$work/lacking.$name/exported"
  unmet="$unmet $work/lacking.$name/exported"
}
lacking a cred cred_film_review_lenmatched outfox
lacking b hc3_zh en_fresh_llm
lacking c zh_fresh_llm imbd grid_reddit
lacking d biscope raidar l2r
for lang in zh en; do
  # shellcheck disable=SC2086 # a folder a word: WORK_DIR must hold no space
  step "score $lang" score.py "$work/ngrams/ngram_scores.pkl" "$work/exported" "$work/scores.$lang.pkl" "$lang" --unmet $unmet
done
step "calibrate" calibrate.py "$work/ngrams" "$work/exported" "$work/scores" "$work/model" 2026.11.6
# shellcheck disable=SC2086
step "predict" predict.py "$data" "$work/model" "$work/predictions.jsonl" $slice
step "evaluate" evaluate.py "$work/predictions.jsonl" "$work/model" "$figures"
echo "copy $work/model/* to services/detector/models/ to ship it" >&2
