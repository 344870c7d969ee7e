#include "serve/server.h"

#include <iostream>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "serve/first_start.h"
#include "serve/http_server.h"
#include "serve/job_handlers.h"
#include "serve/operations.h"
#include "store/shops.h"

namespace vitrine::serve {
namespace {

constexpr std::chrono::milliseconds kLookForSignals{100};

void say_where(const ServeConfig& config, int port, const std::optional<std::string>& password) {
  std::cout << "Vitrine  http://" << config.host << ':' << port << "\n数据 data: " << config.data_folder().string() << '\n';
  if (password) {
    std::cout << "第一次登录 first sign-in:  账号 name: " << kFirstAdmin << "  密码 password: " << *password
              << "\n（密码只显示这一次，请登录后在“设置”里修改  shown this once; change it under Settings）\n";
  }
  std::cout << "停止 stop: Ctrl-C" << std::endl;
}

/// Loads what will be needed, so that the first writer does not wait for it.
void warm_up(Service& service) {
  try {
    auto loan = std::make_optional(service.database.borrow());
    const auto shops = store::Shops(**loan).list();
    loan.reset();
    for (const auto& shop : shops) service.engine_of(shop.id);
  } catch (const Error& error) {
    log_warn("[serve] ", error.what());
  }
}

/// Answers in a thread of its own until the object goes, whatever happens meanwhile.
class Answering {
 public:
  explicit Answering(HttpServer& http) : http_(http), thread_([&http] { http.run(); }) {}
  ~Answering() { http_.stop(); }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

 private:
  HttpServer& http_;
  std::jthread thread_;  // joined after the destructor's body
};

void make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw IoError(concat("[serve] ", folder.string(), ": ", code.message()));
}

void wait_for_signal() {
  while (!interrupted()) std::this_thread::sleep_for(kLookForSignals);
}

}  // namespace

void run_server(const ServeConfig& config, const ServeHooks& hooks, bool reset_password) {
  config.validate();
  install_interrupt_handler();
  make_folder(config.data_folder());
  const FileLock lock(config.data_folder() / "lock",
                      concat("[serve] ", config.data_folder().string(), ": another server uses this data folder"));
  Service service(config, hooks);
  auto password = prepare_store(service);
  if (reset_password && !password) password = reset_admin_password(service);
  add_first_models(service);
  add_job_handlers(service);
  const Dispatcher dispatcher(service, all_operations());
  HttpServer http(service, dispatcher);
  const int port = http.listen();
  service.jobs.start();
  {
    const Answering answering(http);
    say_where(config, port, password);
    warm_up(service);
    wait_for_signal();
    log_info("[serve] stopping: running jobs have ", config.grace_s, " s to end");
  }
  service.jobs.stop(std::chrono::seconds(config.grace_s));
}

}  // namespace vitrine::serve
