// data/picture_set_run.h - what the readers of the picture layouts share. Internal to the room.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/picture_sets.h"

namespace vitrine::data {

/// .jpg, .jpeg, .png, .webp, .gif in any case.
bool has_picture_name(const std::filesystem::path& path);

/// Entries of a folder by name, hidden ones left out. Throws NotFound, IoError.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder);
std::vector<std::filesystem::path> sorted_folders(const std::filesystem::path& folder);
std::vector<std::filesystem::path> sorted_pictures(const std::filesystem::path& folder);

/// "train", "validation" (also val, valid, dev), "test" by the name of a folder; "" for another.
std::string split_of_folder(std::string_view name);

/// Relative, without "..".
bool stays_inside(std::string_view path);

/// Fills title, description, attributes, signals and the rest of a record from the fields of a JSON
/// row, by the header rules of product tables; fields of nobody go to product.extra.
void apply_fields(const Json& row, const ImportEntry& place, PictureRecord& record, ImportReport& report);

/// The text of a small file without white space at its ends, NFC; "" when it is not there.
/// A file that is no UTF-8 or over 256 KiB gives a warning.
std::string caption_in(const std::filesystem::path& file, ImportReport& report);
std::string clean_caption(std::string_view bytes, const ImportEntry& place, ImportReport& report);

[[noreturn]] void refuse_set(const std::filesystem::path& path, std::string_view code, std::string value);

PictureSet read_class_folders(const std::filesystem::path& root);
PictureSet read_kohya_folders(const std::filesystem::path& root);
PictureSet read_kohya_config(const std::filesystem::path& toml);
PictureSet read_imagefolder(const std::filesystem::path& root);
PictureSet read_webdataset(const std::filesystem::path& archive);
PictureSet read_muge(const std::filesystem::path& root);
PictureSet read_curated(const std::filesystem::path& folder_or_file);
PictureSet read_listings(const std::filesystem::path& table);

}  // namespace vitrine::data
