// A driver for compilers without libFuzzer: mutates a corpus for a while.
//
//   fuzz_normalizer [--seconds 10] [--runs N] [--seed 1] FILE…
// Each line of a file is a seed; a picture, and FILE.seed, is one as a whole. FILE.bin is run once. --seconds is processor time of this process.
// In the preset `fuzz` inputs that reach new branches join the corpus (fuzz/coverage.h); elsewhere the seeds are all there is. The input under test
// is written to crash.bin when the program aborts; ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1 make findings of the
// sanitizers do so too.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "coverage.h"
#include "fuzz.h"

namespace {

namespace fuzz = vitrine::fuzz;
using Bytes = std::string;

constexpr size_t kLargestInput = 4096, kLargestSeed = 65536;  // bytes: inputs grow to the former, or to their seed's size up to the latter
Bytes current;

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void write_current(int signal) {
  const int file = ::open("crash.bin", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0 && ::write(file, current.data(), current.size()) >= 0) ::close(file);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

bool is_picture(const std::string& name) {
  for (const char* ending : {".png", ".jpg", ".jpeg", ".webp", ".gif"})
    if (name.ends_with(ending)) return true;
  return false;
}

struct Options {
  double seconds = 10;
  uint64_t runs = UINT64_MAX, seed = 1;
  std::vector<Bytes> corpus;
  std::vector<Bytes> once;
};

Options read_options(int argc, char** argv) {
  Options options;
  for (int at = 1; at < argc; ++at) {
    const std::string argument = argv[at];
    if (at + 1 < argc && argument == "--seconds") {
      options.seconds = std::stod(argv[++at]);
    } else if (at + 1 < argc && argument == "--runs") {
      options.runs = std::stoull(argv[++at]);
    } else if (at + 1 < argc && argument == "--seed") {
      options.seed = std::stoull(argv[++at]);
    } else {
      std::ifstream file(argument, std::ios::binary);
      if (argument.ends_with(".bin")) {
        options.once.emplace_back(std::istreambuf_iterator<char>(file),
                                  std::istreambuf_iterator<char>());
        continue;
      }
      if (argument.ends_with(".seed") || is_picture(argument)) {
        options.corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        continue;
      }
      for (Bytes line; std::getline(file, line);)
        options.corpus.push_back(Bytes(1, '\0') + line.substr(0, kLargestInput / 2));
    }
  }
  if (options.corpus.empty()) options.corpus.emplace_back(1, '\0');
  return options;
}

class Mutator {
 public:
  Mutator(std::vector<Bytes> corpus, uint64_t seed) : corpus_(std::move(corpus)), random_(seed) {}

  Bytes next() {
    Bytes bytes = below(2) == 0 ? any_seed() : new_seed();
    const size_t largest = std::min(std::max(kLargestInput, bytes.size()), kLargestSeed);
    for (size_t count = below(6); count > 0; --count) change(bytes);
    if (bytes.size() > largest) bytes.resize(largest);
    return bytes;
  }
  /// For inputs that did something new.
  void keep(Bytes bytes) { corpus_.push_back(std::move(bytes)); }
  size_t corpus_size() const { return corpus_.size(); }

 private:
  size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const Bytes& any_seed() { return corpus_[below(corpus_.size())]; }
  /// One of those that came last: there is more to find around them.
  const Bytes& new_seed() { return corpus_[corpus_.size() - 1 - below(std::min<size_t>(corpus_.size(), 64))]; }
  /// A piece of a seed, as a rule of whole characters.
  Bytes piece() {
    const Bytes& seed = any_seed();
    size_t begin = below(seed.size()), end = std::min(seed.size(), begin + 1 + below(24));
    const auto inside = [&](size_t at) {
      return at < seed.size() && (static_cast<uint8_t>(seed[at]) & 0xC0) == 0x80;
    };
    while (inside(begin)) ++begin;
    while (inside(end)) ++end;
    return seed.substr(std::min(begin, seed.size()), end > begin ? end - begin : 0);
  }
  void change(Bytes& bytes) {
    static const std::vector<Bytes> signs{
        "\u200b", " ", "·", "❤",  "×",    "*",      "x", "，", "。",           "\n", "1", ".",
        "%",      "“", "”", "最", "第一", "\ufeff", "ﷺ", "№",  "\xED\xA0\x80", "{",  "|"};
    if (bytes.empty()) bytes.push_back('\0');  // an empty file is a seed too
    const size_t at = 1 + below(bytes.size());
    switch (below(11)) {
      case 0:
        bytes[below(bytes.size())] = static_cast<char>(random_());
        break;
      case 1:
        bytes.insert(std::min(at, bytes.size()), signs[below(signs.size())]);
        break;
      case 2:
        bytes.insert(std::min(at, bytes.size()), piece());
        break;
      case 3:
        bytes.erase(std::min(at, bytes.size()), below(8));
        break;
      case 4:
        bytes += bytes.substr(1);
        break;
      case 5:
        bytes += piece();
        break;
      case 6:
        for (size_t n = below(40); n > 0; --n)
          bytes.insert(std::min(at, bytes.size()), signs[below(4)]);
        break;
      case 7:
        bytes[below(bytes.size())] ^= static_cast<char>(1 << below(8));
        break;
      case 8: {  // a number that is an edge of its type
        static const std::vector<Bytes> edges{Bytes("\0\0\0\0", 4), "\xff\xff\xff\xff", "\x7f\xff\xff\xff", Bytes("\0\0\0\x80", 4), Bytes("\x01\0", 2), "\xff\xff"};
        const Bytes& edge = edges[below(edges.size())];
        bytes.replace(std::min(at, bytes.size()), edge.size(), edge);
        break;
      }
      case 9: {  // a part twice, or away
        const size_t begin = below(bytes.size()), size = below(bytes.size() - begin);
        if (below(2) == 0) bytes.erase(begin, size);
        else bytes.insert(begin, bytes.substr(begin, size));
        break;
      }
      default:
        bytes.insert(std::min(at, bytes.size()), 1, static_cast<char>(random_()));
        break;
    }
  }

  std::vector<Bytes> corpus_;
  std::mt19937_64 random_;
};

/// Whether the input did what none did before.
bool run(const Bytes& bytes) {
  current = bytes;
  fuzz::begin_input();
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current.data()), current.size());
  return fuzz::end_input();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, write_current);
  const Options options = read_options(argc, argv);
  for (const Bytes& bytes : options.once) run(bytes);
  for (const Bytes& bytes : options.corpus) run(bytes);
  Mutator mutator(options.corpus, options.seed);
  const double end = processor_seconds() + options.seconds;
  uint64_t runs = 0;
  for (; runs < options.runs && processor_seconds() < end; ++runs) {
    Bytes bytes = mutator.next();
    if (run(bytes)) mutator.keep(std::move(bytes));
  }
  std::cout << runs << " inputs from " << options.corpus.size() << " seeds, seed " << options.seed << ", " << mutator.corpus_size() - options.corpus.size() << " with something new, "
            << fuzz::branches() << " branches: nothing found\n";
}
