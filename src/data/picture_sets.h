// data/picture_sets.h - training sets of pictures in the layouts that others use: to records, and
// back to disk.
//
//   folders      ROOT/<class>/*.jpg, or ROOT/train|validation|test/<class>/*.jpg
//   kohya        ROOT/<repeats>_<name>/x.jpg with x.txt or x.caption; a dataset_config file (.toml)
//   imagefolder  ROOT/metadata.jsonl {"file_name","text"}, also in the split folders
//   webdataset   set.tar with key.jpg, key.txt, key.json
//   muge         ROOT/*imgs.tsv (id, tab, base64), *texts.jsonl {"text_id","text","image_ids"}
//   curated      kept.jsonl of `curate images`, or the folder that holds it
//   listings     a product table (data/import.h) whose rows name pictures
// docs/formats/picture_sets.md says what each field becomes. No picture is decoded here.
#pragma once
#include <filesystem>
#include <vector>

#include "base/config.h"
#include "data/import_report.h"
#include "data/picture_record.h"

namespace vitrine::data {

struct PictureSetConfig {
  std::string format = "auto";
  std::string split;
  std::string licence;

  void describe(FieldVisitor& v) {
    v.field("format", format, "layout of the sets; auto = by what is there",
            {"auto", "folders", "kohya", "imagefolder", "webdataset", "muge", "curated", "listings"});
    v.field("split", split, "only records of this split, of sets that have splits; empty = all");
    v.field("licence", licence, "licence of the pictures, kept in each record");
  }
  /// Throws InvalidInput for an unknown format.
  void validate() const { check_config(*this, "[PictureSetConfig]"); }
};

struct PictureSet {
  std::vector<PictureRecord> records;  // by the order of the set: of names in folders, of rows in files
  ImportReport report;                 // rows_in = pictures or rows found
};

/// Reads the set at `path` (a folder, an archive or a table), all of it or nothing.
/// Findings: IMG_MISSING (reject: no picture of the row is there), BAD_PATH (reject: absolute, or
/// with ".."), CAPTION_MISSING (warn), ORPHAN_MEMBER (warn: an archive's member without picture),
/// BAD_BASE64 (reject), DUP_ID (reject), and those of import.h for tables.
/// Throws ImportRefused (EMPTY_FILE: no picture at all; BAD_REPEATS: "x_name" where repeats are
/// asked for; UNKNOWN_LAYOUT), NotFound, IoError, Corrupt for a damaged archive.
PictureSet read_picture_set(const std::filesystem::path& path, const PictureSetConfig& config = {});

}  // namespace vitrine::data
