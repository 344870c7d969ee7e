// serve/text_archive.h - texts into the files that their products came from: one archive with labels and
// manifests, as an export is.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "serve/job_queue.h"
#include "serve/service.h"
#include "store/exports.h"
#include "store/imports.h"
#include "store/products.h"
#include "store/shops.h"

namespace vitrine::serve {

/// A text on its way out.
struct LeavingText {
  std::string product_id, field, text;
  std::string origin_id;  // of the review or candidate that it stands in
};

/// One file of the archive: the products that came with one upload, or product records.
struct TextGroup {
  std::optional<store::Import> import;  // nothing = product records
  std::vector<LeavingText> texts;
  std::vector<store::ProductEntry> products;  // of these, each once; what product records are made of
};

/// Call order: (add_group | add_file)*, finish. Works in a folder below exports, which goes with the object.
/// REQUIRES: service.hooks.export_texts.
class TextArchive {
 public:
  struct Options {
    bool overwrite = false;  // filled cells too
    bool dry_run = false;    // manifests alone
    bool in_folders = false;  // each group's files in a folder of their own
  };
  /// Throws Refusal (LBL_NO_PRODUCER), unless it is a dry run.
  TextArchive(Service& service, const RunningJob& job, const Options& options);
  ~TextArchive();
  TextArchive(const TextArchive&) = delete;
  TextArchive& operator=(const TextArchive&) = delete;

  /// The origins of the texts that the manifest says are in the file.
  std::vector<std::string> add_group(const TextGroup& group);
  /// A file that carries its labels already.
  void add_file(const std::string& name, const std::filesystem::path& from);

  /// Adds to the counts of the record; none is no entry.
  void count(const std::string& status, int64_t number);

  bool is_verified() const { return is_verified_; }
  /// Writes the archive; its record is for the caller to store with the end of the job.
  ///   name  what its file name begins with: "copy"
  store::Export finish(const std::string& name);

 private:
  std::filesystem::path source_of(const TextGroup& group, const std::filesystem::path& folder) const;
  data::ImportConfig reader_of(const TextGroup& group) const;
  void take_files(const std::filesystem::path& folder, const std::string& prefix);

  Service& service_;
  const RunningJob& job_;
  const Options options_;
  const std::filesystem::path scratch_;
  store::Shop shop_;
  int groups_ = 0;
  std::map<std::string, std::string> files_;
  std::map<std::string, int64_t> counts_;
  bool is_verified_ = true;
};

}  // namespace vitrine::serve
