"""`python -m bot` is `kazi`."""

from bot.cli import main

if __name__ == "__main__":
    main()
