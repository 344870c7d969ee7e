// Texts that come piece by piece are what they are as a whole: their encoding, what they are in UTF-8, and their rows. The first byte chooses
// the size of the pieces and the format.
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/error.h"
#include "data/delimited.h"
#include "data/import.h"
#include "data/import_run.h"
#include "data/text_survey.h"
#include "data/xml_scan.h"
#include "fuzz.h"
#include "support/small_pieces.h"
#include "text/encoding.h"

namespace {

using namespace vitrine;

void check_encodings(std::string_view bytes, size_t most) {
  for (const auto encoding : {text::Encoding::gb18030, text::Encoding::utf16le, text::Encoding::utf16be}) {
    const auto reader = text::decoding(std::make_unique<test::SmallPieces>(bytes, most), encoding);
    FUZZ_CHECK(read_all(*reader, "pieces", SIZE_MAX) == text::decode(bytes, encoding));
  }
  data::TextSurvey whole, pieces;
  whole.add(bytes);
  whole.finish();
  for (size_t at = 0; at < bytes.size(); at += most) pieces.add(bytes.substr(at, most));
  pieces.finish();
  FUZZ_CHECK(whole.is_utf8() == pieces.is_utf8() && whole.first() == pieces.first() && whole.first_line_has_tab() == pieces.first_line_has_tab());
}

/// All that comes out of a text's rows.
std::string rows_of(data::TextWindow& window, size_t format) {
  std::string shown;
  try {
    data::ImportConfig config;
    config.mappings = "/nonexistent/columns.json";
    data::ImportRun run("t", "0123456789abcdef", config);
    std::unique_ptr<data::RowReader> rows;
    if (format == 0) rows = data::json_rows(window, "auto", run);
    else if (format == 1) rows = data::merchant_xml_rows(window, run);
    else rows = data::table_rows(std::make_unique<data::DelimitedReader>(window, format == 2 ? ',' : '\t'), {format == 2 ? "csv" : "taobao", format == 2 ? ',' : '\t'}, run);
    while (const auto row = rows->next()) {
      shown += concat(row->row, " ", row->product ? dump_line(to_json(*row->product)) : "rejected", "\n");
      for (const data::ImportEntry& finding : row->findings) shown += dump_line(to_json(finding)) + "\n";
    }
  } catch (const data::ImportRefused& refused) {
    shown += refused.what();
  }
  return shown;
}

std::string elements_of(data::TextWindow& window) {
  std::string shown;
  data::XmlElements rows(window, "row", 512);
  while (const auto row = rows.next()) shown += concat(row->is_too_large, row->is_too_large ? std::string_view() : row->text, "|", row->is_too_large ? std::string_view() : row->content(), "\n");
  return shown;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t most = 1 + (data[0] >> 3) % 13, format = data[0] % 5;
  check_encodings(bytes, most);
  data::TextWindow whole(bytes);
  test::SmallPieces reader(bytes, most);
  data::TextWindow pieces(reader, most);
  if (format == 4) elements_of(pieces);
  else FUZZ_CHECK(rows_of(whole, format) == rows_of(pieces, format));
  return 0;
}
