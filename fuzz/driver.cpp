// A driver for compilers without libFuzzer: mutates lines of the corpus files for a while.
//
//   fuzz_normalizer [--seconds 10] [--runs N] [--seed 1] FILE…
// Each line of a file is a seed; a picture, and FILE.seed, is one as a whole. The input under test is written to crash.bin when the program
// aborts; set ASAN_OPTIONS=abort_on_error=1 so that findings of the sanitizers do so too. FILE.bin
// is run once.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz.h"

namespace {

using Bytes = std::string;

constexpr size_t kLargestInput = 4096;  // bytes
Bytes current;

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
  Mutator(const std::vector<Bytes>& corpus, uint64_t seed) : corpus_(corpus), random_(seed) {}

  Bytes next() {
    Bytes bytes = any_seed();
    for (size_t count = below(6); count > 0; --count) change(bytes);
    if (bytes.size() > kLargestInput) bytes.resize(kLargestInput);
    return bytes;
  }

 private:
  size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const Bytes& any_seed() { return corpus_[below(corpus_.size())]; }
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
    switch (below(8)) {
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
      default:
        bytes.insert(std::min(at, bytes.size()), 1, static_cast<char>(random_()));
        break;
    }
  }

  const std::vector<Bytes>& corpus_;
  std::mt19937_64 random_;
};

void run(const Bytes& bytes) {
  current = bytes;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current.data()), current.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, write_current);
  const Options options = read_options(argc, argv);
  for (const Bytes& bytes : options.once) run(bytes);
  for (const Bytes& bytes : options.corpus) run(bytes);
  Mutator mutator(options.corpus, options.seed);
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds);
  uint64_t runs = 0;
  while (runs < options.runs && std::chrono::steady_clock::now() < end) {
    run(mutator.next());
    ++runs;
  }
  std::cout << runs << " inputs from " << options.corpus.size() << " seeds, seed " << options.seed
            << ": nothing found\n";
}
