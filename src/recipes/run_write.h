// recipes/run_write.h - `vitrine write` from files to files: reading, batches, progress, output.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "data/import.h"
#include "copywriting/write_config.h"

namespace vitrine::recipes {

/// Which products of the input are written; the others are passed over, rejected rows too.
struct WriteChoice {
  std::function<bool(const data::Product&)> wanted;  // null = all, and rejected rows are listed
  std::string name;                                  // what the bytes of the result depend on through it
  data::ImportConfig reader;
};

struct WriteRun {
  std::string input;       // file, "-" or empty (then attributes)
  std::string attributes;  // one product as key#value*key#value
  std::string points_file; // plans to follow
  std::vector<std::string> pins, order;
  std::string format;      // table | jsonl; empty = table on a terminal, else jsonl
  std::string output;      // empty = standard output
  std::string table;       // a second output, to read: file or "-"; empty = none
  std::string rejects;
  std::string shard = "1/1";       // i/n
  int64_t checkpoint_every = 256;  // rows a part of a run into a file
  bool restart = false;
  std::string dtype;       // one of generation::weight_dtypes(); empty = int8
  int threads = 0;

  void describe(FieldVisitor& v) {
    v.field("attributes", attributes, "one product: '类型#裙*风格#简约'");
    v.field("points", points_file, "plans (JSONL of `points`) to follow");
    v.field("pin", pins, "keys or key#value that are never dropped, separated by commas");
    v.field("order", order, "keys or key#value in the order wanted, separated by commas");
    v.field("format", format, "table | jsonl; empty = table on a terminal, else jsonl", {"", "table", "jsonl"});
    v.field("output", output, "file for the result; it appears whole");
    v.field("table", table, "the result as a table as well: a file, or - for standard output");
    v.field("rejects", rejects, "file for the rows that were rejected");
    v.field("shard", shard, "i/n: of the rows only each n-th, from the i-th on");
    v.field("checkpoint_every", checkpoint_every,
            "rows of a part; what --output FILE has finished is kept in FILE.parts", 1, 1000000);
    v.field("restart", restart,
            "delete the parts that an interrupted run left, and start anew");
  }
};

/// Writes one line (or table) a product, in input order. Products come and go in small batches, so
/// memory does not grow with the input (ProductReader says with what exceptions; the plans of
/// --points are held as a whole). Into a file it works part by part (write_parts.h): the same call
/// after an interruption goes on, to the same bytes. Returns false when rows were rejected or a
/// product got no candidate. Throws UsageError, NotFound, Corrupt, IoError, Busy, Cancelled;
/// InvalidInput for parts of other settings.
bool run_write(const copywriting::WriteConfig& config, const WriteRun& run, const WriteChoice& choice = {});

/// How fast this machine writes, by its first products.
struct WriteSpeed {
  int64_t products = 0;          // that were written to find out
  double load_s = 0;             // once
  double seconds_a_product = 0;  // 0 when there was no product
  double tokens_a_product = 0;   // of all its candidates
};
/// Writes the first `products` wanted products and throws them away. Throws as run_write.
WriteSpeed measure_write(const copywriting::WriteConfig& config, const WriteRun& run, const WriteChoice& choice, int64_t products);

}  // namespace vitrine::recipes
