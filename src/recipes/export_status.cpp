#include "recipes/export_status.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

struct Status {
  ExportStatus status;
  std::string_view name, chinese;
  bool is_refusal = false;
};

/// In the order of the enum.
constexpr std::array<Status, kExportStatuses> kStatuses = {{
    {ExportStatus::written, "written", "已写入"},
    {ExportStatus::would_write, "would_write", "将写入"},
    {ExportStatus::filled, "filled", "原有内容保留"},
    {ExportStatus::not_needed, "not_needed", "已有另一条文案"},
    {ExportStatus::blocked, "blocked", "检查未通过", true},
    {ExportStatus::no_room, "no_room", "放不下标识", true},
    {ExportStatus::too_long, "too_long", "超过平台的长度", true},
    {ExportStatus::no_description, "no_description", "没有带标识的描述", true},
    {ExportStatus::no_field, "no_field", "文件没有这一列", true},
    {ExportStatus::no_row, "no_row", "文件没有这件商品", true},
    {ExportStatus::no_text, "no_text", "没有文案"},
}};

constexpr bool is_in_order() {
  for (size_t i = 0; i < kStatuses.size(); ++i) {
    if (static_cast<size_t>(kStatuses[i].status) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

std::string_view to_string(ExportStatus status) {
  return kStatuses[static_cast<size_t>(status)].name;
}
std::string_view chinese_name(ExportStatus status) {
  return kStatuses[static_cast<size_t>(status)].chinese;
}
bool is_refusal(ExportStatus status) { return kStatuses[static_cast<size_t>(status)].is_refusal; }

void ExportCounts::add(const ExportCounts& other) {
  for (const Status& status : kStatuses) add(status.status, other[status.status]);
}

std::string ExportCounts::to_line() const {
  std::string line;
  for (const Status& status : kStatuses) {
    const size_t count = (*this)[status.status];
    if (count > 0) line += concat(line.empty() ? "" : ", ", status.chinese, " ", count);
  }
  return line;
}

Json to_json(const ExportCounts& counts) {
  Json json = Json::object();
  for (const Status& status : kStatuses) {
    if (counts[status.status] > 0) json[std::string(status.name)] = counts[status.status];
  }
  return json;
}

ExportCounts export_counts_from_json(const Json& json) {
  ExportCounts counts;
  for (const auto& [name, count] : json.items()) {
    const auto status =
        std::find_if(kStatuses.begin(), kStatuses.end(),
                     [&, key = std::string_view(name)](const Status& s) { return s.name == key; });
    if (status == kStatuses.end() || !count.is_number_unsigned())
      throw Corrupt(concat("[export] counts: ", name, ": no such status or no number"));
    counts.add(status->status, count.get<size_t>());
  }
  return counts;
}

}  // namespace vitrine::recipes
