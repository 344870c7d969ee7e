# tools/setup.sh - what ./run, ./test and .ci/run share: install what is missing, then build.
#
# Sourced, not started. Everything it says goes to stderr; when all is in place it says nothing.
#   setup_machine              apt packages and the private environment .deps (deps.txt)
#   setup_tests                apt packages that only tests need; where they cannot be had, tests are left out
#   build_preset PRESET [all]  configure when needed, then build the programs, or everything
# Settings: VITRINE_PYTHON (default /usr/bin/python3), VITRINE_CUDA=0|1 (default: is there a GPU?),
#           VITRINE_JOBS (compilers at a time; default: cores, and at most one for each 2 GB of free memory)

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
DEPS="$ROOT/.deps"
LOG="$ROOT/build/setup.log"
# Sorted by what they are for: compiling, the environment of deps.txt, libraries, tests.
PACKAGES=(g++ cmake ninja-build mold ccache pkg-config git
  python3-venv ca-certificates
  nlohmann-json3-dev libcli11-dev libutf8proc-dev zlib1g-dev libzstd-dev libssl-dev libzip-dev libvips-dev
  libsqlite3-dev libpq-dev libcpp-httplib-dev
  libgtest-dev libbenchmark-dev)
# What only ./test starts: a database server, and a browser that can show Chinese.
TEST_PACKAGES=(postgresql chromium fonts-noto-cjk)

say() { printf '== %s\n' "$*" >&2; }

# fail MESSAGE: the end, with one clear line.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# logged COMMAND…: runs it with its output in build/setup.log; shows the last lines when it fails.
logged() {
  printf '\n$ %s\n' "$*" >>"$LOG"
  "$@" >>"$LOG" 2>&1 && return 0
  printf -- '--- end of %s\n' "$LOG" >&2
  tail -n 6 "$LOG" >&2
  return 1
}

# One set-up or build at a time in this folder; the lock goes with the file descriptor.
take_lock() {
  mkdir -p "$ROOT/build" 2>/dev/null || fail "cannot write to $ROOT: set-up and build go there"
  exec 9>"$ROOT/build/.lock"
  flock -n 9 && return 0
  say "another ./run or ./test is setting up or building here: waiting for it"
  flock 9
}

release_lock() { exec 9>&-; }

# missing_packages PACKAGE…: those that are not installed.
missing_packages() {
  local status
  status="$(dpkg-query -W -f='${Package} ${db:Status-Abbrev}\n' "$@" 2>/dev/null || true)"
  local package
  for package in "$@"; do
    grep -q "^$package ii" <<<"$status" || printf '%s ' "$package"
  done
}

as_root() {
  if [[ "$(id -u)" == 0 ]]; then "$@"; else sudo "$@"; fi
}

# install_packages SIZE PACKAGE…: SIZE says how much all of them are.
install_packages() {
  local missing size="$1"
  shift
  if ! command -v dpkg-query >/dev/null; then
    say "no dpkg here: going on with the compiler and libraries that are installed (list: tools/setup.sh)"
    return
  fi
  missing="$(missing_packages "$@")"
  [[ -z "$missing" ]] && return
  local by_hand="apt-get install --no-install-recommends $missing"
  if [[ "$(id -u)" != 0 ]] && ! command -v sudo >/dev/null; then
    fail "packages are missing, and this is neither root nor is there sudo; let an administrator run: $by_hand"
  fi
  say "to install with apt-get: $missing"
  say "  (all of them on a bare Debian 12: about $size)"
  logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 update ||
    fail "apt-get update failed (no network, or no right to do it?); by hand: $by_hand"
  local plan
  # shellcheck disable=SC2086
  plan="$(LC_ALL=C as_root apt-get -q --assume-no --no-install-recommends install $missing 2>/dev/null || true)"
  grep -E '^(Need to get|After this operation)' <<<"$plan" | sed 's/^/==   /' >&2 || true
  # shellcheck disable=SC2086
  logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 --no-install-recommends install $missing ||
    fail "apt-get install failed (no network, or stopped); by hand: $by_hand"
}

has_gpu() {
  [[ -n "${VITRINE_CUDA:-}" ]] && { [[ "$VITRINE_CUDA" == 1 ]]; return; }
  [[ -e /dev/nvidiactl ]] || command -v nvidia-smi >/dev/null
}

# The requirement files of this machine.
requirement_files() {
  printf '%s\n' "$ROOT/deps.txt"
  if has_gpu; then printf '%s\n' "$ROOT/deps-cuda.txt"; fi
}

deps_key() { requirement_files | xargs -d '\n' cat | sha256sum | cut -d' ' -f1; }

make_environment() {
  local python="${VITRINE_PYTHON:-/usr/bin/python3}"
  command -v "$python" >/dev/null || python="$(command -v python3 || true)"
  [[ -n "$python" ]] || fail "no python3: it is needed to fetch libtorch (or set VITRINE_PYTHON)"
  local version
  version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
  case "$version" in
    3.11 | 3.12) ;;
    *) fail "$python is Python $version, but deps.txt pins wheels for 3.11 and 3.12: set VITRINE_PYTHON to one of these" ;;
  esac
  "$python" -m venv "$DEPS" >>"$LOG" 2>&1 ||
    fail "$python -m venv $DEPS failed: is python3-venv installed? (details: $LOG)"
}

install_deps() {
  local key
  key="$(deps_key)"
  [[ -r "$DEPS/.vitrine-stamp" && "$(<"$DEPS/.vitrine-stamp")" == "$key" ]] && return
  # A set-up that was cut off leaves the mark: begin anew.
  if [[ -e "$DEPS/.incomplete" && ! -L "$DEPS" ]]; then rm -rf "$DEPS"; fi
  if [[ ! -x "$DEPS/bin/python3" ]]; then
    say "to install into $DEPS: libtorch 2.15.0 and Node.js 24 (about 616 MB to fetch, 1.5 GB on disk)"
    make_environment
  fi
  touch "$DEPS/.incomplete"
  local files=() file
  while read -r file; do files+=(-r "$file"); done < <(requirement_files)
  if has_gpu; then say "a GPU was found: with the CUDA libraries of deps-cuda.txt (about 3 GB more); VITRINE_CUDA=0 leaves them out"; fi
  logged "$DEPS/bin/python3" -m pip install --disable-pip-version-check --no-input --progress-bar off \
    --require-hashes --no-deps --no-compile "${files[@]}" ||
    fail "libtorch and Node.js could not be installed (no network, or stopped); start the same command again to go on"
  printf '%s' "$key" >"$DEPS/.vitrine-stamp"
  rm -f "$DEPS/.incomplete"
}

setup_machine() {
  [[ "$(uname -m)" == x86_64 ]] || fail "this machine is $(uname -m); the pinned libtorch is for x86_64"
  install_packages "190 MB to fetch, 732 MB on disk" "${PACKAGES[@]}"
  install_deps
}

setup_tests() {
  (install_packages "280 MB to fetch, 940 MB on disk" "${TEST_PACKAGES[@]}") || say "going on without: the tests that need them are skipped and say so"
}

compiler_jobs() {
  [[ -n "${VITRINE_JOBS:-}" ]] && { printf '%s' "$VITRINE_JOBS"; return; }
  local cores memory_gib
  cores="$(nproc)"
  memory_gib="$(awk '/^MemAvailable/ {print int($2 / 1048576 / 2)}' /proc/meminfo)"
  ((memory_gib < 1)) && memory_gib=1
  printf '%s' "$((cores < memory_gib ? cores : memory_gib))"
}

configure_preset() {
  local preset="$1" tree="$ROOT/build/$1" options=() key
  if has_gpu; then options=(-DLIBTORCH_CUDA=AUTO); fi
  key="$(cat "$ROOT/CMakePresets.json" "$DEPS/.vitrine-stamp" | sha256sum | cut -d' ' -f1) $ROOT ${options[*]:-}"
  [[ -f "$tree/build.ninja" && -r "$tree/.configured" && "$(<"$tree/.configured")" == "$key" ]] && return
  say "configuring build/$preset"
  (cd "$ROOT" && logged cmake --preset "$preset" "${options[@]}") || fail "cmake --preset $preset failed"
  printf '%s' "$key" >"$tree/.configured"
}

# The executables that users start, as far as this tree has them.
program_targets() {
  grep -oE '^build (vitrine|vitrine-pictures|vitrine-torch|vitrine_torch): phony' "$1/build.ninja" | sed 's/^build //; s/: phony//'
}

build_preset() {
  local preset="$1" what="${2:-programs}" tree="$ROOT/build/$1" command
  export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$ROOT}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"
  configure_preset "$preset"
  local targets=(all)
  if [[ "$what" == programs ]]; then mapfile -t targets < <(program_targets "$tree"); fi
  command=(cmake --build --preset "$preset" --target "${targets[@]}" -- "-j$(compiler_jobs)")
  if (cd "$ROOT" && "${command[@]}" -n) | grep -q 'no work to do'; then return; fi
  say "building build/$preset: ${targets[*]}"
  (cd "$ROOT" && "${command[@]}" >&2) || fail "the build failed; the messages are above"
}
