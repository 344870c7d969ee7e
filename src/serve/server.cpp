#include "serve/server.h"

#include <csignal>
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
#include "store/jobs.h"
#include "store/shops.h"

namespace vitrine::serve {
namespace {

void say_password(const std::string& account, const std::string& password) {
  std::cout << "第一次登录 first sign-in:  账号 name: " << account << "  密码 password: " << password
            << "\n（密码只显示这一次，请登录后在“设置”里修改  shown this once; change it under Settings）" << std::endl;
}

void say_where(const ServeConfig& config, int port) {
  std::cout << "Vitrine  http://" << config.host << ':' << port << "\n数据 data: " << config.data_folder().string()
            << "\n停止 stop: Ctrl-C" << std::endl;
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

/// Jobs of a server before this one that was killed. The lock of the data folder says that it is gone,
/// and nobody else works on the database in it; with PostgreSQL other instances hold jobs of theirs.
void take_over_jobs(Service& service) {
  if (!service.config.store.empty()) return;
  auto loan = service.database.borrow();
  const int64_t jobs = store::JobQueue(*loan).expire_leases(store::utc_now());
  if (jobs > 0) log_info("[serve] ", jobs, " jobs of a server that was killed go on");
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

/// SIGINT and SIGTERM are waited for: the usual handler would break off the writing at once, which
/// the grace is for. After the first of them the usual handler is there again, for the impatient.
/// Made before the threads, which inherit what is held back.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~StopSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  void wait() {
    int signal = 0;
    sigwait(&signals_, &signal);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t signals_, before_;
};

}  // namespace

void run_add_shop(const ServeConfig& config, const std::string& name) {
  config.validate();
  make_folder(config.data_folder());
  Service service(config);
  if (const auto password = prepare_store(service)) say_password(kFirstAdmin, *password);
  const NewShop added = add_shop(service, name);
  std::cout << "店铺 shop: " << added.shop.name << " (" << added.shop.id << ")\n";
  say_password(added.admin, added.password);
}

void run_server(const ServeConfig& config, const ServeHooks& hooks, bool reset_password) {
  config.validate();
  install_interrupt_handler();
  ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error of writing, as a full disk is
  StopSignals signals;
  make_folder(config.data_folder());
  const FileLock lock(config.data_folder() / "lock",
                      concat("[serve] ", config.data_folder().string(), ": another server uses this data folder"));
  Service service(config, hooks);
  const Dispatcher dispatcher(service, all_operations());
  HttpServer http(service, dispatcher);
  const int port = http.listen();  // first: nothing is made where the address is taken
  auto password = prepare_store(service);
  if (reset_password && !password) password = reset_admin_password(service);
  if (password) say_password(kFirstAdmin, *password);  // at once: it stands nowhere else
  add_first_models(service);
  take_over_jobs(service);
  add_job_handlers(service);
  service.jobs.start();
  {
    const Answering answering(http);
    say_where(config, port);
    warm_up(service);
    signals.wait();
    log_info("[serve] stopping: running jobs have ", config.grace_s, " s to end");
  }
  service.jobs.stop(std::chrono::seconds(config.grace_s));
}

}  // namespace vitrine::serve
