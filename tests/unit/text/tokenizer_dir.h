// A temporary directory with the files of a small tokenizer.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace vitrine::text {

class TokenizerDir {
 public:
  TokenizerDir() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() / concat("vitrine_tokenizer_", ::getpid(), "_", count++);
    std::filesystem::create_directories(path_);
  }
  ~TokenizerDir() { std::filesystem::remove_all(path_); }
  TokenizerDir(const TokenizerDir&) = delete;
  TokenizerDir& operator=(const TokenizerDir&) = delete;

  TokenizerDir& put(const std::string& name, std::string_view bytes) {
    write_file_atomic(path_ / name, bytes);
    return *this;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr std::string_view kSmallVocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n红\n裙\ndress\n##es\na\n!\n";

}  // namespace vitrine::text
