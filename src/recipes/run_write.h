// recipes/run_write.h - `vitrine write` from files to files: reading, batches, progress, output.
#pragma once
#include <string>
#include <vector>

#include "recipes/write_config.h"

namespace vitrine::recipes {

struct WriteRun {
  std::string input;       // file, "-" or empty (then attributes)
  std::string attributes;  // one product as key#value*key#value
  std::string points_file; // plans to follow
  std::vector<std::string> pins, order;
  std::string format;      // table | jsonl; empty = table on a terminal, else jsonl
  std::string output;      // empty = standard output
  std::string rejects;
  std::string dtype;       // float32 | bfloat16 | empty
  int threads = 0;
};

/// Writes one line (or table) a product, in input order. Returns false when rows were rejected or a
/// product got no candidate. Throws UsageError, NotFound, Corrupt, IoError, Cancelled.
bool run_write(const WriteConfig& config, const WriteRun& run);

}  // namespace vitrine::recipes
