#include "serve/text_archive.h"

#include "base/file.h"
#include "data/archive.h"
#include "serve/request_parts.h"
#include "serve/upload_reader.h"
#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifestEnd = ".manifest.jsonl";

std::string texts_jsonl(const TextGroup& group) {
  std::string lines;
  for (const LeavingText& text : group.texts) lines += dump_line(Json{{"id", text.product_id}, {"field", text.field}, {"text", text.text}}) + "\n";
  return lines;
}

/// Origins of the texts that a line of the manifest says are written.
void note_line(const Json& line, const TextGroup& group, std::vector<std::string>& written) {
  if (line.value("status", "") != "written") return;
  for (const LeavingText& text : group.texts) {
    if (text.product_id == line.value("id", "") && text.field == line.value("field", "")) written.push_back(text.origin_id);
  }
}

std::vector<std::string> written_texts(const fs::path& folder, const TextGroup& group) {
  std::vector<std::string> written;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().string().ends_with(kManifestEnd)) continue;
    const std::string manifest = read_file(entry.path());
    for (size_t at = 0; at < manifest.size();) {
      const size_t end = std::min(manifest.find('\n', at), manifest.size());
      note_line(parse_json(std::string_view(manifest).substr(at, end - at), "manifest"), group, written);
      at = end + 1;
    }
  }
  return written;
}

}  // namespace

TextArchive::TextArchive(Service& service, const RunningJob& job, const Options& options)
    : service_(service), job_(job), options_(options), scratch_(service.exports() / ("making-" + job.job().id)) {
  {
    auto loan = service.database.borrow();
    shop_ = need(store::Shops(*loan).find(job.shop_id()));
  }
  if (shop_.producer.empty() && !options.dry_run) throw Refusal("LBL_NO_PRODUCER");
  fs::remove_all(scratch_);
  fs::create_directories(scratch_);
}

TextArchive::~TextArchive() {
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
}

/// The file that gets the texts, under the name that the archive shows.
fs::path TextArchive::source_of(const TextGroup& group, const fs::path& folder) const {
  fs::create_directories(folder);
  if (group.import) {
    const fs::path name = fs::path(group.import->file).filename();
    const bool is_name = !name.empty() && name != "." && name != "..";
    const fs::path source = folder / (is_name ? name : fs::path(group.import->stored_as));
    fs::copy_file(service_.uploads() / group.import->stored_as, source);
    return source;
  }
  std::string lines;
  for (const auto& entry : group.products) lines += entry.document + "\n";
  write_file_atomic(folder / "products.jsonl", lines);
  return folder / "products.jsonl";
}

data::ImportConfig TextArchive::reader_of(const TextGroup& group) const {
  if (!group.import) return {};
  return reader_config({.path = service_.uploads() / group.import->stored_as, .file_name = group.import->file,
                        .sheet = group.import->sheet,
                        .map = parse_json(group.import->mapping, group.import->id).get<TargetByHeader>(), .licence = ""});
}

std::vector<std::string> TextArchive::add_group(const TextGroup& group) {
  const std::string number = std::to_string(++groups_);
  const fs::path folder = scratch_ / number, texts = scratch_ / (number + ".texts.jsonl");
  write_file_atomic(texts, texts_jsonl(group));
  fs::create_directories(folder);
  const TextExport order{.source = source_of(group, scratch_ / (number + ".source")),
                         .reader = reader_of(group), .texts = texts, .folder = folder,
                         .producer = shop_.producer, .who = job_.job().user_name,
                         .wording = shop_.label_wording, .place = std::string(to_word(shop_.label_place)),
                         .label_log = service_.folder / "labels.jsonl",
                         .overwrite = options_.overwrite, .dry_run = options_.dry_run};
  const TextExportResult result = service_.hooks.export_texts(order);
  for (const auto& [status, count] : result.counts) counts_[status] += count;
  is_verified_ = is_verified_ && result.verified;
  take_files(folder, options_.in_folders ? number + "/" : "");
  return written_texts(folder, group);
}

void TextArchive::take_files(const fs::path& folder, const std::string& prefix) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files_[prefix + entry.path().filename().string()] = read_file(entry.path());
  }
}

void TextArchive::add_file(const std::string& name, const fs::path& from) {
  ++counts_[options_.dry_run ? "would_write" : "written"];
  if (!options_.dry_run) files_[name] = read_file(from);
}

void TextArchive::count(const std::string& status, int64_t number) {
  if (number > 0) counts_[status] += number;
}

store::Export TextArchive::finish(const std::string& name) {
  const std::string id = store::new_id("e");
  const std::string archive = data::make_archive(files_);
  write_file_atomic(service_.exports() / (id + ".zip"), archive);
  const auto now = store::utc_now();
  return {.id = id, .job_id = job_.job().id, .user_id = job_.job().user_id,
          .user_name = job_.job().user_name, .file = concat(name, "-", to_rfc3339(now).substr(0, 10), ".zip"),
          .stored_as = id + ".zip", .size_bytes = static_cast<int64_t>(archive.size()),
          .counts = dump_line(Json(counts_)), .verified = is_verified_, .dry_run = options_.dry_run,
          .created_at = now};
}

}  // namespace vitrine::serve
