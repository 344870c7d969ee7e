#include "serve/first_start.h"

#include <cstdlib>

#include "base/hash.h"
#include "base/log.h"
#include "checks/text_label.h"
#include "copywriting/copy_model.h"
#include "serve/passwords.h"
#include "store/ids.h"
#include "store/models.h"
#include "store/shops.h"
#include "store/users.h"

namespace vitrine::serve {
namespace fs = std::filesystem;
namespace {

constexpr size_t kIdDigits = 16;

std::string first_password() {
  const char* given = std::getenv("VITRINE_ADMIN_PASSWORD");
  return given != nullptr && *given != '\0' ? given : new_password();
}

store::Shop first_shop() {
  store::Shop shop;
  shop.id = "s1";
  shop.name = "我的店铺";
  shop.label_wording = checks::LabelWordings::shipped().standard();
  shop.created_at = store::utc_now();
  return shop;
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
  const store::Shop shop = first_shop();
  store::Shops(*loan).add(shop);
  store::User admin;
  admin.id = store::new_id("u");
  admin.name = kFirstAdmin;
  admin.role = store::Role::admin;
  admin.created_at = store::utc_now();
  store::Users(*loan, shop.id).add(admin, hash);
  transaction.commit();
  return password;
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
  std::optional<store::Model> model;
  try {
    const fs::path folder = copywriting::find_model(service.config.model);
    copywriting::require_copy_model(folder);
    model = model_of_folder(fs::absolute(folder));
  } catch (const Error& error) {
    log_warn("[serve] no copy can be written: ", error.what());
    return;
  }
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  for (const store::Shop& shop : store::Shops(*loan).list()) {
    store::Models models(*loan, shop.id);
    if (!models.find(model->id)) models.add_first(*model);
  }
  transaction.commit();
}

}  // namespace vitrine::serve
