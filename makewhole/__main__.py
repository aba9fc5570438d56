from makewhole.cli import main

main()
