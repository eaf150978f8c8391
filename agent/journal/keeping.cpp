// What instances keep, in the journal.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "agent/journal/journal.hpp"
#include "agent/journal/kept_rows.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/record_rows.hpp"

namespace fieldline::journal {
namespace {

Result<> check_state(const std::string& instance, const std::string& name, const std::string& bytes) {
  if (bytes.empty()) return fail(ErrorCode::kInvalid, "a kept state may not be empty");
  if (name.find('\0') != std::string::npos)
    return fail(ErrorCode::kInvalid, "the name of a kept state has no NUL in it");
  if (name.size() + bytes.size() + instance.size() < kMessageBytes) return {};
  return fail(ErrorCode::kTooLarge,
              fmt::format("{} takes {} bytes; {} are the limit", name, bytes.size(), kMessageBytes));
}

}  // namespace

void Journal::kept(const std::string& instance, Done<KeptStates> reply) {
  read<KeptFound>([instance](soci::session& sql) -> Result<KeptFound> { return select_kept(sql, instance); },
                  [this, instance, reply = std::move(reply)](Result<KeptFound> found) {
                    if (!found) return reply(fail(std::move(found.error())));
                    if (!found->damaged.empty()) set_states_aside(instance, std::move(found->damaged));
                    reply(std::move(found->states));
                  });
}

void Journal::set_states_aside(const std::string& instance, std::vector<Place> damaged) {
  spdlog::error("{} states of {} are damaged and begin anew", damaged.size(), instance);
  submit<bool>(
      [instance, damaged = std::move(damaged)](soci::session& sql, bool&) -> Result<> {
        for (const auto place : damaged) set_kept_aside(sql, instance, place);
        return {};
      },
      [](const Result<bool>& written) {
        if (!written) spdlog::error("damaged states stay: {}", written.error().describe());
      });
}

void Journal::keep(const std::string& instance, KeptStates changed, Done<> done) {
  for (const auto& [name, bytes] : changed) {
    if (auto sound = check_state(instance, name, bytes); !sound) {
      loop_.post([done, sound] { done(sound); });
      return;
    }
  }
  submit<bool>(
      [instance, changed = std::move(changed), epoch = epoch_, at = loop_.clock().utc()](soci::session& sql,
                                                                                         bool&) {
        auto place = newest_place(sql);
        for (const auto& [name, bytes] : changed)
          put_kept_row(sql, {++place, epoch, at, instance, name, name + '\0' + bytes});
        return check_kept_size(sql, instance);
      },
      [done](const Result<bool>& written) { done(written ? Result<>() : fail(written.error())); });
}

Result<> Journal::carry_over(const std::map<std::string, KeptStates>& states) {
  if (states.empty()) return {};
  return write_now([&states, epoch = epoch_, at = loop_.clock().utc()](soci::session& sql) -> Result<> {
    auto place = newest_place(sql);
    for (const auto& [instance, kept] : states) {
      for (const auto& [name, bytes] : kept) {
        if (const auto sound = check_state(instance, name, bytes)) {
          put_kept_row(sql, {++place, epoch, at, instance, name, name + '\0' + bytes});
        } else {
          spdlog::error("{} of {} is not carried over: {}", name, instance, sound.error().describe());
        }
      }
    }
    return {};
  });
}

Result<> Journal::forget_but(const std::set<std::string>& instances) {
  return write_now([&instances, epoch = epoch_, at = loop_.clock().utc()](soci::session& sql) -> Result<> {
    auto place = newest_place(sql) + 1;
    for (const auto& instance : select_kept_instances(sql)) {
      if (!instances.contains(instance))
        place = forget_kept_rows(sql, place, {0, epoch, at, instance, {}, {}});
    }
    return {};
  });
}

Result<> Journal::write_now(const sql::Database::Write& write) {
  Standing standing;
  auto written = database_.write_now([&](soci::session& sql) -> Result<> {
    if (auto done = write(sql); !done) return done;
    standing = select_standing(sql);
    return {};
  });
  if (written) stand(standing);
  return written;
}

void Journal::forget(const std::string& instance, Done<> done) {
  submit<bool>(
      [instance, epoch = epoch_, at = loop_.clock().utc()](soci::session& sql, bool&) -> Result<> {
        forget_kept_rows(sql, newest_place(sql) + 1, {0, epoch, at, instance, {}, {}});
        return {};
      },
      [done](const Result<bool>& written) { done(written ? Result<>() : fail(written.error())); });
}

}  // namespace fieldline::journal
