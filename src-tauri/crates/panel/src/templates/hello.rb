# Runs on Ruby 3. `args` is the JSON object that you send, as a hash; what you return is the result.
def main(args)
  name = args["name"] || "stranger"
  puts "Greeting #{name}"
  { "body" => "Hello #{name}!" }
end
