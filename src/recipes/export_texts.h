// recipes/export_texts.h - `vitrine export`: checked, labelled texts into the file the products
// came from.
//
// Only the columns change that the format lets change (data/shop_file.h); every other byte stays.
// A cell that is filled stays too, unless `overwrite` says otherwise. docs/shop_files.md.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/shop_file.h"
#include "recipes/export_status.h"
#include "recipes/label_settings.h"

namespace vitrine::recipes {

struct ExportConfig {
  data::ShopFileConfig file;
  std::vector<std::string> texts;
  std::string output, manifest, rejects;
  bool only_empty = true;
  bool overwrite = false;
  bool dry_run = false;
  std::string platform, wording, place = "end";

  void describe(FieldVisitor& v) {
    file.describe(v);
    v.field("texts", texts,
            "[FIELD=]FILE of texts: lines of `write`, or rows id, text and perhaps field; FIELD is "
            "description when neither says it");
    v.field("output", output,
            "the file with the texts, in the format of the source; .zip holds it with its labels "
            "and manifest");
    v.field("manifest", manifest, "what became of each text, JSONL; empty = OUTPUT.manifest.jsonl");
    v.field("rejects", rejects, "file for the rows that cannot be read, as of import");
    v.field("only_empty", only_empty, "a cell that is filled stays");
    v.field("overwrite", overwrite, "filled cells are replaced too, as with --no-only-empty");
    v.field("dry_run", dry_run, "write the manifest alone");
    v.field("platform", platform,
            "where the file goes: its lengths hold (rules/checks/lengths.tsv)");
    v.field("wording", wording,
            "words of the label, one of rules/labels/wordings.tsv; empty = （本文由AI生成）");
    v.field("place", place, "where the label stands in a description", {"start", "end"});
  }
};

struct ExportResult {
  ExportCounts counts;        // of the texts that were offered
  size_t cells_refused = 0;   // places that a text was offered for and that got none
  size_t rows = 0;            // products of the source
  int64_t rows_rejected = 0;  // that cannot be read and stay as they are
  bool has_refused() const { return cells_refused > 0 || rows_rejected > 0; }
};

/// Writes OUTPUT, OUTPUT.aigc.json and the manifest, OUTPUT last; each appears whole, and the log
/// of labels is on disk before. Nothing that the checks block and nothing without its labels is
/// written. Rows, texts and labels come and go one by one, so that memory does not grow with them
/// (ShopFile and OfferedTexts say with what exceptions; labels of the source, and what becomes a
/// .zip, are in memory). What is checked lies in the folder WORK.parts until OUTPUT is in place:
/// the same call after an interruption goes on from there. work: empty = OUTPUT. Throws UsageError,
/// InvalidInput (LBL_NO_PRODUCER before anything is read), ImportRefused, NotFound, Corrupt
/// (LBL_CHANGED: a labelled text of the source was changed), IoError, Busy, Cancelled.
ExportResult export_texts(const std::string& source, const ExportConfig& config,
                          const LabelContext& context, const std::string& work = {});

/// Throws UsageError when the name of the output says another kind of file than the source is.
void require_same_kind(std::string_view verb, const data::ShopFile& file, const std::string& source,
                       const std::string& output);

/// For a dry run. Throws UsageError when it would replace the manifest that lies beside a finished
/// output. manifest: what --manifest names, empty = the usual one.
void require_free_manifest(std::string_view verb, const std::string& output,
                           const std::string& manifest);

/// "商品 5, 已写入 3, 原有内容保留 2, …", Chinese, one line.
std::string to_line(const ExportResult& result);

}  // namespace vitrine::recipes
