#include "serve/first_start.h"

#include <cstdlib>

#include "base/hash.h"
#include "base/log.h"
#include "checks/text_label.h"
#include "copywriting/copy_model.h"
#include "data/table_file.h"
#include "serve/passwords.h"
#include "store/ids.h"
#include "store/models.h"
#include "store/shops.h"
#include "store/users.h"
#include "text/utf8.h"

namespace vitrine::serve {
namespace fs = std::filesystem;
namespace {

constexpr size_t kIdDigits = 16;

std::string first_password() {
  const char* given = std::getenv("VITRINE_ADMIN_PASSWORD");
  return given != nullptr && *given != '\0' ? given : new_password();
}

constexpr size_t kMaxShopName = 100;  // code points

store::Shop new_shop(size_t number, const std::string& name) {
  store::Shop shop;
  shop.id = concat("s", number);
  shop.name = name;
  shop.label_wording = checks::LabelWordings::shipped().standard();
  shop.created_at = store::utc_now();
  return shop;
}

void add_admin(store::Connection& connection, const std::string& shop_id, const std::string& name, const std::string& hash) {
  store::User admin;
  admin.id = store::new_id("u");
  admin.name = name;
  admin.role = store::Role::admin;
  admin.created_at = store::utc_now();
  const bool is_added = store::Users(connection, shop_id).add(admin, hash);
  VITRINE_REQUIRE(is_added, "[serve] there is an account ", name, " already");
}

/// The configured copy model; nothing, with a warning, when it is not there.
std::optional<store::Model> configured_model(const ServeConfig& config) {
  try {
    const fs::path folder = copywriting::find_model(config.model);
    copywriting::require_copy_model(folder);
    return model_of_folder(fs::absolute(folder));
  } catch (const Error& error) {
    log_warn("[serve] no copy can be written: ", error.what());
    return std::nullopt;
  }
}

}  // namespace

store::Model model_of_folder(const fs::path& folder) {
  const fs::path weights = folder / "model.safetensors";
  store::Model model;
  model.sha256 = sha256_file(weights);
  model.id = "m-" + model.sha256.substr(0, kIdDigits);
  model.name = folder.filename().string();
  model.folder = folder.string();
  model.size_bytes = static_cast<int64_t>(fs::file_size(weights));
  model.created_at = store::utc_now();
  return model;
}

std::optional<std::string> prepare_store(Service& service) {
  auto loan = service.database.borrow();
  if (!store::Shops(*loan).list().empty()) return std::nullopt;
  const std::string password = first_password();
  const std::string hash = hash_password(password);
  store::Transaction transaction(*loan);
  if (!store::Shops(*loan).list().empty()) return std::nullopt;  // another instance was quicker
  const store::Shop shop = new_shop(1, "我的店铺");
  store::Shops(*loan).add(shop);
  add_admin(*loan, shop.id, kFirstAdmin, hash);
  transaction.commit();
  return password;
}

NewShop add_shop(Service& service, const std::string& name) {
  const bool is_name = text::is_valid_utf8(name) && !data::fold_name(name).empty() && text::count_code_points(name) <= kMaxShopName;
  VITRINE_REQUIRE(is_name, "[serve] --add-shop: expected a name of at most ", kMaxShopName, " characters, got '", name, "'");
  const auto model = configured_model(service.config);
  const std::string password = first_password();
  const std::string hash = hash_password(password);
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  const auto shops = store::Shops(*loan).list();
  for (const auto& shop : shops) VITRINE_REQUIRE(shop.name != name, "[serve] --add-shop: there is a shop '", name, "' already");
  NewShop added{.shop = new_shop(shops.size() + 1, name), .admin = "", .password = password};
  added.admin = concat(kFirstAdmin, "-", added.shop.id);
  store::Shops(*loan).add(added.shop);
  add_admin(*loan, added.shop.id, added.admin, hash);
  if (model) store::Models(*loan, added.shop.id).add_first(*model);
  transaction.commit();
  return added;
}

std::string reset_admin_password(Service& service) {
  const std::string password = first_password();
  const std::string hash = hash_password(password);
  auto loan = service.database.borrow();
  const auto login = store::find_login(*loan, kFirstAdmin);
  if (!login) throw NotFound(concat("[serve] there is no account ", kFirstAdmin));
  store::Transaction transaction(*loan);
  store::Users users(*loan, login->shop_id);
  users.set_password_hash(login->user.id, hash);
  users.set_active(login->user.id, true);
  users.set_role(login->user.id, store::Role::admin);
  transaction.commit();
  return password;
}

void add_first_models(Service& service) {
  const auto model = configured_model(service.config);
  if (!model) return;
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  for (const store::Shop& shop : store::Shops(*loan).list()) {
    store::Models models(*loan, shop.id);
    if (!models.find(model->id)) models.add_first(*model);
  }
  transaction.commit();
}

}  // namespace vitrine::serve
