// serve/text_check.h - a text checked against its product, as the API and the reviews show it.
#pragma once
#include <string>
#include <string_view>

#include "checks/check_report.h"
#include "data/product.h"
#include "serve/service.h"

namespace vitrine::serve {

/// Where a text stands.
struct TextPlace {
  std::string field = "description", platform, style;
};

/// A product as the checks know it: normalised.
data::Product checked_product(const Service& service, data::Product product);

/// `product`: of checked_product. Needs no model and a few milliseconds.
checks::CheckReport check_text(const Service& service, const std::string& text,
                               const data::Product& product, const TextPlace& place);
/// CheckReport of the API; `fix`: with what repairing it gives.
Json check_json(const Service& service, const std::string& text_id, const std::string& text,
                const data::Product& product, const TextPlace& place, bool fix = false);

}  // namespace vitrine::serve
