package org.vgg4j.cli;

import java.util.Collection;
import java.util.Locale;
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

  /** Returns what was given for a setting, null for nothing; flags may be missing. */
  static String text(CommandSpec flags, Setting<?, ?> setting) {
    OptionSpec option = setting.flag() == null ? null : flags.findOption(setting.flag().name());
    return option == null || option.getValue() == null ? null : option.getValue().toString();
  }

  /** Returns what was given for a setting, null for nothing. */
  static <T> T value(CommandSpec flags, Setting<?, T> setting) {
    String text = text(flags, setting);
    return text == null ? null : setting.parse(text);
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
