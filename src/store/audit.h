// store/audit.h - who changed what, when: entries that are only ever added.
//
// The database itself refuses to change or delete them (triggers of step 1).
#pragma once
#include <string>

#include "store/of_shop.h"
#include "store/page.h"

namespace vitrine::store {

struct AuditEntry {
  std::string id;
  UtcMillis time{};
  std::string user_name;   // as it was then
  std::string action;      // such as review.approve, model.promote, user.change
  std::string subject;     // kind:id
  Document before, after;  // JSON objects; empty = null
};

class AuditTrail : public OfShop {
 public:
  using OfShop::OfShop;
  void add(const AuditEntry& entry);
  /// Newest first; `subject` empty = of everything.
  Page<AuditEntry> list(const std::string& subject, const PageRequest& request);
};

}  // namespace vitrine::store
