// store/exports.h - files that left, or could have.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/of_shop.h"

namespace vitrine::store {

struct Export {
  std::string id, job_id, user_id;
  std::string user_name;  // filled when read
  std::string file;       // name for the download
  std::string stored_as;  // where the server keeps it
  int64_t size_bytes = 0;
  Document counts;        // by status of the manifest
  bool verified = false;  // what `verify` says; false is never offered for download
  bool dry_run = false;
  UtcMillis created_at{};
};

class Exports : public OfShop {
 public:
  using OfShop::OfShop;
  /// Throws InvalidInput for a job or user that the shop does not have.
  void add(const Export& record);
  std::optional<Export> find(const std::string& id);
  std::vector<Export> list();  // newest first
};

}  // namespace vitrine::store
