#include "tests/simulation/process.h"

#include <algorithm>

#include <fmt/format.h>

namespace encamp::simulation {
namespace {

class BuildersTurn : public Workshop::Reservation {
 public:
  BuildersTurn(SimulatedWorld& world, std::string key) : world_(&world), key_(std::move(key)) {}
  ~BuildersTurn() override { world_->builders.erase(key_); }

 private:
  SimulatedWorld* world_;
  std::string key_;
};

// The workshop is on this machine: it loses no replies, but the process may die there.
class SimulatedWorkshop : public Workshop {
 public:
  explicit SimulatedWorkshop(Process& process) : process_(&process) {}

  std::string key(const ImageRecipe& recipe, Isolation isolation) override {
    return inside().key(recipe, isolation);
  }
  BuiltImage build(const ImageRecipe& recipe, Isolation isolation,
                   const Progress& progress) override {
    return process_->ask(Process::Of::Here, "build", recipe.debian,
                         [&] { return inside().build(recipe, isolation, progress); });
  }
  std::unique_ptr<Reservation> try_reserve(const std::string& key) override {
    Process*& builder = process_->world().builders[key];
    if (builder != nullptr)
      return nullptr;
    builder = process_;
    return std::make_unique<BuildersTurn>(process_->world(), key);
  }
  std::string read(const std::string& path) override { return inside().read(path); }
  std::unique_ptr<Content> make_disk(const DiskSpec& spec) override {
    return process_->ask(Process::Of::Here, "make_disk", "",
                         [&] { return inside().make_disk(spec); });
  }

 private:
  test::FakeWorkshop& inside() { return process_->world().fake.fake_workshop; }

  Process* process_;
};

}  // namespace

Process::Process(SimulatedWorld& world, int number)
    : world_(&world),
      number_(number),
      executor_(world.baton, [this] { return dead_; }),
      host_(make_simulated_host(*this)),
      workshop_(std::make_unique<SimulatedWorkshop>(*this)) {
  world_->enter(*this);
}

Process::~Process() {
  world_->leave(*this);
}

void Process::die(const std::string& point) {
  if (dead_)
    return;
  dead_ = true;
  if (!point.empty())
    world_->write(fmt::format("process {} dies", number_));
  for (Baton::Member* member : waiting_)
    world_->baton.wake(member);
  executor_.wake();
}

void Process::cut_off() {
  if (!cut_at_)
    cut_at_ = world_->baton.now();
  world_->write(fmt::format("process {} is cut off", number_));
}

void Process::end_threads() {
  if (executor_.is_running())
    die("");
  executor_.wait_for_all();
}

Fate Process::begin(std::string_view call, std::string_view object) {
  if (dead_)
    throw Killed{};
  constexpr int kMostCalls = 20000;
  if (++calls_ > kMostCalls)
    world_->violate(fmt::format("process {} does not come to an end", number_));
  return world_->fate_of(number_, call, object);
}

void Process::pause(Baton::Time duration) {
  if (duration > Baton::Time(0)) {
    Baton::Member* self = world_->baton.self();
    waiting_.push_back(self);
    world_->baton.sleep(duration);
    std::erase(waiting_, self);
  }
  if (dead_)
    throw Killed{};
}

void Process::fail_before(const Fate& fate, Of of) {
  if (fate.fault == Fault::DiesBefore) {
    die(fate.point);
    throw Killed{};
  }
  if (fate.fault == Fault::Fails)
    give_up(fate, of);
  if (!reaches(of))
    throw Error(ErrorKind::Unavailable, "the host does not answer");
}

void Process::give_up(const Fate& fate, Of of) {
  pause(fate.after);
  throw Error(of == Of::Here ? ErrorKind::Failed : ErrorKind::Unavailable, "connection reset");
}

void Process::end(const Fate& fate) {
  if (fate.fault == Fault::DiesAfter || fate.fault == Fault::DiesLate)
    die(fate.point);
  pause(fate.after);
  if (fate.fault == Fault::LosesReply || fate.fault == Fault::Late)
    throw Error(ErrorKind::Unavailable, "connection reset");
}

Host& Process::host(const std::string&) {
  if (dead_)
    throw Killed{};
  return *host_;
}

SshKey Process::make_ssh_key() {
  return ask(Of::Here, "make_ssh_key", "", [this] { return world_->fake.make_ssh_key(); });
}

std::unique_ptr<Guest> Process::connect(const Login& login, Clock::Instant deadline,
                                        std::stop_token stop) {
  const Fate fate = begin("connect", login.address);
  pause(fate.before);
  fail_before(fate, Of::Guest);
  while (true) {
    if (stop.stop_requested())
      throw Error(ErrorKind::Interrupted, "interrupted");
    if (reaches(Of::Guest) && world_->fake.machine(login.address) != nullptr)
      break;
    if (now() >= deadline)
      throw Error(ErrorKind::Timeout, fmt::format("port 22 of {} did not open", login.address));
    sleep(std::min<std::chrono::nanoseconds>(deadline - now(), std::chrono::seconds(2)), stop);
  }
  std::unique_ptr<Guest> inside = world_->fake.connect(login, deadline, stop);
  end(fate);
  return make_simulated_guest(*this, login.address, std::move(inside));
}

Clock::WallTime Process::wall_time() {
  const auto start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
  return std::chrono::time_point_cast<Duration>(start) +
         std::chrono::duration_cast<Duration>(world_->baton.now()) + world_->wall_shift;
}

void Process::sleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  if (dead_)
    throw Killed{};
  if (stop.stop_requested())
    return;
  Baton::Member* self = world_->baton.self();
  const std::stop_callback stopped(stop, [&] { world_->baton.wake(self); });
  pause(std::max(duration, std::chrono::nanoseconds(1)));
}

}  // namespace encamp::simulation
