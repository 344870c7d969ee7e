// serve/first_start.h - what a new store begins with: a shop, an admin, the embedded models.
#pragma once
#include <optional>
#include <string>

#include "serve/service.h"
#include "store/models.h"
#include "store/shops.h"

namespace vitrine::serve {

inline constexpr const char* kFirstAdmin = "admin";

/// Makes the shop and its admin when the store has none. The admin's password, which is shown once;
/// nothing when they were there. $VITRINE_ADMIN_PASSWORD is taken where it is set.
std::optional<std::string> prepare_store(Service& service);
/// A shop beside those that are there, with an admin of its own and the configured copy model.
struct NewShop {
  store::Shop shop;
  std::string admin, password;  // of its admin; shown once
};
/// $VITRINE_ADMIN_PASSWORD is taken where it is set. Throws InvalidInput for a name that is blank, has more than
/// 100 characters, or is another shop's.
NewShop add_shop(Service& service, const std::string& name);
/// A new password for the account `admin`. Throws NotFound when there is none.
std::string reset_admin_password(Service& service);

/// The configured copy model serves every shop that has none of its own yet. A model that is not
/// there is a warning: the server starts, what needs it answers model_missing.
void add_first_models(Service& service);

/// A copy model's folder as the store knows it: a candidate under an id that follows from its
/// weights. Throws NotFound, IoError.
store::Model model_of_folder(const std::filesystem::path& folder);

}  // namespace vitrine::serve
