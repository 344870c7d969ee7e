#include "data/picture_record.h"

#include <fstream>

#include "base/base64.h"
#include "base/error.h"

namespace vitrine::data {
namespace {

std::optional<int64_t> count_of(const Json& signals, const char* name) {
  const auto found = signals.find(name);
  if (found == signals.end() || !found->is_number_integer() || found->get<int64_t>() < 0) return std::nullopt;
  return found->get<int64_t>();
}

std::string read_part(const PictureFile& picture, int64_t offset, int64_t size_bytes) {
  std::ifstream in(picture.file, std::ios::binary);
  if (!in) throw NotFound(concat("[read_picture_bytes] ", picture.file.string(), ": cannot be opened"));
  std::string bytes(static_cast<size_t>(size_bytes), '\0');
  in.seekg(offset);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.gcount() != static_cast<std::streamsize>(bytes.size()))
    throw Corrupt(concat("[read_picture_bytes] ", to_string(picture), ": expected ", size_bytes, " bytes, the file has ", in.gcount()));
  return bytes;
}

}  // namespace

std::string to_string(const PictureFile& picture) {
  return picture.member.empty() ? picture.file.string() : picture.file.string() + "/" + picture.member;
}

Json to_json(const PictureFile& picture) {
  if (picture.member.empty()) return picture.file.string();
  Json json = {{"file", picture.file.string()}, {"member", picture.member}, {"offset", picture.offset}, {"size_bytes", picture.size_bytes}};
  if (picture.is_base64) json["base64"] = true;
  return json;
}

std::optional<PictureFile> picture_file_from(const Json& json) {
  if (json.is_string()) return PictureFile{.file = json.get<std::string>(), .member = {}};
  const auto has = [&](const char* name, auto is_kind) { return json.contains(name) && is_kind(json[name]); };
  const auto is_text = [](const Json& j) { return j.is_string() && !j.get_ref<const std::string&>().empty(); };
  const auto is_count = [](const Json& j) { return j.is_number_integer() && j.get<int64_t>() >= 0; };
  if (!json.is_object() || !has("file", is_text) || !has("member", is_text) || !has("offset", is_count) || !has("size_bytes", is_count)) return std::nullopt;
  return PictureFile{.file = json["file"].get<std::string>(), .member = json["member"].get<std::string>(), .offset = json["offset"].get<int64_t>(),
                     .size_bytes = json["size_bytes"].get<int64_t>(), .is_base64 = json.value("base64", Json(false)) == true};
}

std::string read_picture_bytes(const PictureFile& picture, int64_t max_bytes) {
  std::error_code code;
  const bool whole = picture.member.empty();
  const auto on_disk = static_cast<int64_t>(std::filesystem::file_size(picture.file, code));
  if (code) throw NotFound(concat("[read_picture_bytes] ", picture.file.string(), ": ", code.message()));
  const int64_t size_bytes = whole ? on_disk : picture.size_bytes;
  const int64_t limit = picture.is_base64 ? max_bytes / 3 * 4 : max_bytes;
  VITRINE_REQUIRE(size_bytes <= limit, "[read_picture_bytes] TOO_LARGE ", to_string(picture), ": ", size_bytes, " bytes, the limit is ", limit);
  std::string bytes = read_part(picture, picture.offset, size_bytes);
  if (!picture.is_base64) return bytes;
  auto decoded = from_base64(bytes);
  if (!decoded) throw Corrupt(concat("[read_picture_bytes] BAD_BASE64 ", to_string(picture)));
  return std::move(*decoded);
}

Signals signals_of(const Product& product) {
  const auto signals = product.extra.find("signals");
  if (signals == product.extra.end() || !signals->is_object()) return {};
  return {count_of(*signals, "reviews"), count_of(*signals, "favorites"), count_of(*signals, "sales")};
}

const std::string& text_of(const PictureRecord& record) { return record.text.empty() ? record.product.title_raw : record.text; }

}  // namespace vitrine::data
