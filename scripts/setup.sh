# Sourced by ./start and ./test, which run in the repository's root. Makes sure of the SDK, the natives and the build; work that is
# up to date is skipped, so that a second start takes seconds.

die() { printf '%s\n' "$@" >&2; exit 1; }
say() { printf '%s\n' "$*"; }

# quietly WORDS COMMAND…: says the words, runs the command, and shows what it wrote only if it fails.
quietly() {
  local words=$1 output
  shift
  say "$words …"
  if ! output=$("$@" 2>&1 </dev/null); then
    printf '%s\n' "$output" >&2
    die "$words: failed (the lines above say why). The command was: $*"
  fi
}

require_tools() {
  [ "$(uname -s)" = Linux ] || die "This runs on Linux (x64 or arm64, glibc 2.34 or newer); this machine says $(uname -s)."
  if ! command -v dotnet >/dev/null && [ -x "${HOME:-}/.dotnet/dotnet" ]; then PATH="$HOME/.dotnet:$PATH"; fi
  if ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    die "The .NET 10 SDK is missing." \
      "  Ubuntu 24.04: sudo apt-get install -y dotnet-sdk-10.0" \
      "  elsewhere:    https://dotnet.microsoft.com/download/dotnet/10.0"
  fi
  local node_major
  # Without node the substitution fails, which would end the script before it says why.
  node_major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/') || true
  if [ -z "$node_major" ] || [ "$node_major" -lt 20 ] || ! command -v npm >/dev/null; then
    die "Node.js 20 or newer with npm is missing; npm brings the native runtimes." \
      "  https://nodejs.org/en/download"
  fi
  DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
  export PATH DOTNET_ROOT MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
}

# The actor engine to build for, and where what is built for it lies.
engine=embedded binaries=artifacts engine_options=()

# use_engine NAME PROJECTS…: embedded (the default), or orleans, if what the projects need of it can be had from the package sources.
use_engine() {
  local name=$1
  shift
  case $name in
    embedded) engine=embedded binaries=artifacts engine_options=() ;;
    orleans)
      orleans_restores "$@" || die "Microsoft Orleans' packages (Microsoft.Orleans.*) cannot be restored from the configured package sources; use --engine embedded."
      engine=orleans binaries=artifacts/orleans engine_options=(-p:ActorEngine=Orleans) ;;
    *) die "There is no engine $name. Use: --engine embedded, or --engine orleans." ;;
  esac
}

# orleans_restores PROJECTS…
orleans_restores() {
  local project
  for project in "$@"; do
    dotnet restore "$project" -p:ActorEngine=Orleans -v quiet >/dev/null 2>&1 </dev/null || return 1
  done
}

# install_packages FOLDER WORDS: npm ci, when the lock file is another than that of the last time.
install_packages() {
  local folder=$1 words=$2 stamp=$1/node_modules/.installed lock
  lock=$(sha256sum <"$folder/package-lock.json")
  if [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]; then
    quietly "$words" npm ci --ignore-scripts --no-audit --no-fund --prefix "$folder"
    printf '%s\n' "$lock" >"$stamp"
  fi
}

# build NAME INPUTS… -- TARGETS…: builds Release, unless none of the inputs is newer than the last build of that name.
build() {
  local stamp=$binaries/.built-$1 inputs=() target
  shift
  while [ "$1" != -- ]; do inputs+=("$1"); shift; done
  shift
  if [ -f "$stamp" ] && [ -z "$(find "${inputs[@]}" -newer "$stamp" -not -path '*/node_modules*' -print -quit)" ]; then return; fi
  mkdir -p "$binaries"
  touch "$stamp.new"
  for target in "$@"; do
    quietly "Building $(basename "$target" .sln)" dotnet build "$target" -c Release -v quiet ${engine_options[@]+"${engine_options[@]}"}
  done
  mv "$stamp.new" "$stamp"
}

oinf() { "$binaries"/bin/Tool/release/oinf "$@"; }
