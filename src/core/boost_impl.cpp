// The one translation unit that compiles Asio, Beast, Boost.JSON and Boost.URL; every other one only declares
// them.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/json/src.hpp>
#include <boost/url/src.hpp>
