// recipes/write_catalogue.h - `vitrine write TABLE --output TABLE2`: copy for every product of a
// shop's file that has none, into a file of the same kind, with its labels.
#pragma once
#include <string>
#include <vector>

#include "data/import.h"
#include "recipes/export_texts.h"
#include "recipes/label_settings.h"
#include "recipes/run_write.h"

namespace vitrine::recipes {

struct CatalogueConfig {
  std::vector<std::string> fields;
  std::vector<std::string> columns, map;
  std::string source_format = "auto";
  std::string shop, sheet, separator, properties, licence, manifest;
  bool only_empty = true, dry_run = false, resume = true;
  double price_per_hour = 0;

  void describe(FieldVisitor& v) {
    v.field("fields", fields,
            "a table as output: fields to fill, description,title,short_title; empty = "
            "description, and title where the table has such a column");
    v.field("columns", columns,
            "a table as output: columns that take the texts, description=文案,title=标题");
    v.field("map", map, "columns of a table mapped by hand, 商品描述=description");
    v.field("source_format", source_format,
            "a table as output: what PRODUCTS is, by the names that import's format has; auto = by name and "
            "first rows",
            data::kReaderFormats);
    v.field("shop", shop, "name of the shop whose mappings are remembered");
    v.field("sheet", sheet, "sheet of a workbook; empty = the first one");
    v.field("separator", separator,
            "cell separator of a table, one character; empty = by format");
    v.field("properties", properties,
            "names of 淘宝 property ids: columns pid, vid, key, value, parted by tabs");
    v.field("licence", licence, "licence of the rows of a table");
    v.field("manifest", manifest,
            "a table as output: what became of each text, JSONL; empty = OUTPUT.manifest.jsonl");
    v.field("only_empty", only_empty, "a table as output: a cell that is filled stays");
    v.field("dry_run", dry_run,
            "a table as output: write the manifest alone, and say what the run would take");
    v.field("resume", resume, "a table as output: go on where a run of the same command stopped");
    v.field("price_per_hour", price_per_hour, "price of an hour of this machine, for the estimate",
            0, 1e6);
  }
};

/// Whether this output is a shop's file: .csv, .tsv, .xlsx, .xml, .json or .zip by its name.
bool is_catalogue_output(const std::string& output);

/// What is left to write for each field, then `run_write` field by field into OUTPUT.run (each row
/// once, by parts that outlive the process), then `export_texts`. Nothing that was filled is
/// overwritten; run again, it gives the same OUTPUT. Returns false when a text was refused, a row
/// rejected or a product without a text. Throws as these do; InvalidInput for OUTPUT.run of other
/// settings.
bool write_catalogue(const copywriting::WriteConfig& config, const WriteRun& run,
                     const CatalogueConfig& catalogue, const LabelOptions& labels);

}  // namespace vitrine::recipes
