package org.vgg4j.cli;

import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Settings as flags: mixins made from their declarations. */
final class SettingFlags {
  private SettingFlags() {}

  /** Returns the flags of settings, to be mixed into a command. */
  static CommandSpec of(Collection<? extends Setting<?, ?>> settings) {
    CommandSpec mixin = CommandSpec.create();
    for (Setting<?, ?> setting : settings) {
      if (setting.flag() != null) {
        mixin.addOption(option(setting));
      }
    }
    return mixin;
  }

  private static OptionSpec option(Setting<?, ?> setting) {
    Setting.Flag flag = setting.flag();
    String otherwise = Settings.defaultOf(setting);
    OptionSpec.Builder option =
        OptionSpec.builder(flag.name())
            .description(
                flag.help() + (otherwise == null ? "." : " (default: " + otherwise + ")."));
    return flag.label() == null
        ? option.type(Boolean.class).negatable(true).build()
        : option.type(String.class).paramLabel(flag.label()).build();
  }

  /** Returns what was given to a command for its settings: key to text. */
  static Map<String, String> given(CommandSpec command) {
    Map<String, String> given = new HashMap<>();
    for (Setting<?, ?> setting : Settings.choices()) {
      OptionSpec option = setting.flag() == null ? null : command.findOption(setting.flag().name());
      if (option != null && option.getValue() != null) {
        given.put(setting.key(), option.getValue().toString());
      }
    }
    return given;
  }

  /** Returns the flag of a command that an option of the API is, its name where there is none. */
  static String name(CommandSpec command, String field) {
    String kebab = "--" + field.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    String flag =
        Settings.choices().stream()
            .filter(setting -> setting.flag() != null && setting.key().equals(field))
            .map(setting -> setting.flag().name())
            .findFirst()
            .orElse(kebab);
    return command.findOption(flag) == null ? field : flag;
  }
}
