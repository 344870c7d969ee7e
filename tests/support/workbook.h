// support/workbook.h - small workbooks made for tests.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/archive.h"
#include "data/xml_scan.h"

namespace vitrine::test {

/// An XLSX file with one sheet whose XML has this content, shared strings, and style 1 = a date.
inline std::string workbook(std::string_view sheet_content, const std::vector<std::string>& shared = {}, const std::map<std::string, std::string>& more = {}) {
  const std::string ns = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
  const std::string types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
  const std::string packages = "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"";
  std::string strings;
  for (const std::string& text : shared) strings += "<si><t>" + data::xml_escape(text) + "</t></si>";
  std::map<std::string, std::string> entries = more;
  entries["[Content_Types].xml"] = "<Types/>";
  entries["_rels/.rels"] = "<Relationships " + packages + "><Relationship Id=\"r1\" Type=\"" + types + "officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
  entries["xl/workbook.xml"] = "<workbook " + ns + "><sheets><sheet name=\"商品\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";
  entries["xl/_rels/workbook.xml.rels"] = "<Relationships " + packages + "><Relationship Id=\"r1\" Type=\"" + types + "worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
  entries["xl/sharedStrings.xml"] = "<sst " + ns + ">" + strings + "</sst>";
  entries["xl/styles.xml"] = "<styleSheet " + ns + "><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";
  entries["xl/worksheets/sheet1.xml"] = "<worksheet " + ns + ">" + std::string(sheet_content) + "</worksheet>";
  return data::make_archive(entries);
}

}  // namespace vitrine::test
