// MB/s of the tokenizers on the summaries of data/advertisegen, one thread.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "base/resource.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer.h"

namespace {

using namespace vitrine;
using namespace vitrine::text;

constexpr int kRuns = 9;  // after one to warm up

std::vector<std::string> read_summaries() {
  std::vector<std::string> texts;
  std::istringstream lines(read_file(resource_path("data/advertisegen/train.jsonl")));
  for (std::string line; std::getline(lines, line);) {
    texts.push_back(parse_json(line, "train.jsonl")["summary"].get<std::string>());
  }
  return texts;
}

std::vector<double> seconds_of(const std::function<void()>& run) {
  run();
  std::vector<double> seconds;
  for (int i = 0; i < kRuns; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

void report(const std::string& name, double megabytes, const std::vector<double>& seconds) {
  std::printf("%-32s %5.2f MB  median %6.1f MB/s  best %6.1f MB/s\n", name.c_str(), megabytes,
              megabytes / seconds[seconds.size() / 2], megabytes / seconds.front());
}

void bench(const std::string& name, const Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  const double megabytes = static_cast<double>(bytes) / 1e6;
  std::vector<std::vector<int32_t>> ids(texts.size());
  const auto encode = [&] {
    for (size_t i = 0; i < texts.size(); ++i) ids[i] = tokenizer.encode(texts[i]);
  };
  report(name + " encode", megabytes, seconds_of(encode));
  size_t decoded = 0;
  const auto decode = [&] {
    for (const auto& row : ids) decoded += tokenizer.decode(row).size();
  };
  report(name + " decode", megabytes, seconds_of(decode));
  if (decoded == 0) std::printf("nothing was decoded\n");
}

}  // namespace

int main() {
  const auto texts = read_summaries();
  bench("WordPiece, BERT Chinese", *load_tokenizer(resource_path("data/vocab/bert-chinese")), texts);
  bench("byte-level BPE, GPT-2", *load_tokenizer(resource_path("data/vocab/gpt2")), texts);
  bench("CLIP", *load_tokenizer(resource_path("data/vocab/clip")), texts);
  const auto seconds = seconds_of([&] { train_bpe(texts, {.vocab_size = 8000}); });
  std::printf("train_bpe, %zu texts, 8000 tokens: median %.2f s, best %.2f s\n", texts.size(), seconds[kRuns / 2], seconds.front());
}
